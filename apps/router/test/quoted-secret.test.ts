import { startStubServer } from "@turnout/testing";
import { expect, onTestFinished, test } from "vitest";
import { bodyOf, post } from "./support/ask.ts";
import { startTestRouter } from "./support/running-router.ts";

/** Unlike the keys that are recognised by their form. */
const key = "plainsecretofaccount1";

/** A router in front of an upstream that refuses every request and quotes the key. */
async function startQuoting(status: number) {
  const stub = await startStubServer({
    onRequest: (request, response) => {
      const error = {
        message: `No: ${String(request.headers.authorization ?? request.headers["x-api-key"])}`,
        type: key,
        code: key,
      };
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ type: "error", error }));
    },
  });
  onTestFinished(() => stub.close());
  return startTestRouter({
    providers: () => ({
      "openai-compatible": { baseUrl: stub.url, models: ["small"], accounts: [{ apiKey: key }] },
      anthropic: { baseUrl: stub.url, accounts: [{ apiKey: key }] },
    }),
  });
}

test.each([400, 401, 403, 404, 429, 500])(
  "a key that the upstream quotes with %i is neither answered nor logged",
  async (status) => {
    const router = await startQuoting(status);
    for (const stream of [false, true]) {
      const received = await post(router.url, "openai-chat", bodyOf("openai-chat", stream, "openai-compatible/small"));
      expect(received.status).toBeGreaterThanOrEqual(400);
      expect(JSON.stringify(received)).not.toContain(key);
    }
    await expect.poll(() => router.logText()).toContain("request failed");
    expect(router.logText()).toContain("[redacted]");
    expect(router.logText()).not.toContain(key);
  },
);

test("nor when tokens are counted", async () => {
  const router = await startQuoting(400);
  const received = await fetch(`${router.url}/v1/messages/count_tokens`, {
    method: "POST",
    body: JSON.stringify(bodyOf("anthropic-messages", false, "anthropic/claude-opus-5")),
  });
  expect(received.status).toBe(400);
  expect(await received.text()).toContain("[redacted]");
  expect(router.logText()).not.toContain(key);
});
