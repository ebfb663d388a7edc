import { startStubServer } from "@turnout/testing";
import { expect, onTestFinished, test } from "vitest";
import { bodyOf } from "./support/ask.ts";
import { startTestRouter } from "./support/running-router.ts";

async function count(statusOfFirst: number) {
  const asked: unknown[] = [];
  const stub = await startStubServer({
    onRequest: (request, response) => {
      asked.push(request.headers["x-api-key"]);
      const isFirst = request.headers["x-api-key"] === "key-of-first";
      response.writeHead(isFirst ? statusOfFirst : 200, { "content-type": "application/json" });
      const error = { type: "error", error: { type: "some_error", message: "no" } };
      response.end(JSON.stringify(isFirst ? error : { input_tokens: 12 }));
    },
  });
  onTestFinished(() => stub.close());
  const accounts = [{ apiKey: "key-of-first" }, { apiKey: "key-of-second" }];
  const router = await startTestRouter({ providers: () => ({ anthropic: { baseUrl: stub.url, accounts } }) });
  const response = await fetch(`${router.url}/v1/messages/count_tokens`, {
    method: "POST",
    body: JSON.stringify(bodyOf("anthropic-messages", false, "anthropic/claude-opus-5")),
  });
  return { status: response.status, body: await response.json(), asked };
}

test.each([401, 403, 429])(
  "tokens are counted as the next account when the first is refused with %i",
  async (status) => {
    expect(await count(status)).toEqual({
      status: 200,
      body: { input_tokens: 12 },
      asked: ["key-of-first", "key-of-second"],
    });
  },
);

test("a mistake of the client is told at once", async () => {
  expect(await count(400)).toMatchObject({ status: 400, asked: ["key-of-first"] });
});
