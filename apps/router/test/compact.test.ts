import type { ServerResponse } from "node:http";
import { createFakeRuntime, startStubServer } from "@turnout/testing";
import { request } from "undici";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { startTestRouter, type TestRouter } from "./support/running-router.ts";

const conversation = {
  model: "codex/gpt-5.4",
  instructions: "Be kind",
  input: [
    { type: "message", role: "user", content: [{ type: "input_text", text: "First" }] },
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "Answer" }] },
  ],
};
const outputSchema = z.object({ output: z.array(z.looseObject({ type: z.string() })) });

async function compact(
  router: TestRouter,
  body: unknown,
  path = "/v1/responses/compact",
  conversationId = "conversation-1",
) {
  const answer = await request(router.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", "session-id": conversationId },
    body: JSON.stringify(body),
  });
  const document: unknown = await answer.body.json();
  return { status: answer.statusCode, headers: answer.headers, document };
}

test.each([
  "/v1/responses/compact",
  "/backend-api/codex/responses/compact",
  "/codex/responses/compact",
  "/v1/codex/responses/compact",
])("POST %s is answered by the upstream with a shorter history", async (path) => {
  const router = await startTestRouter();
  // A client that asks for a stream by habit gets the document: there is nothing to stream.
  const { status, headers, document } = await compact(router, { ...conversation, stream: true }, path);
  expect(status).toBe(200);
  expect(headers).toMatchObject({ "x-turnout-executor": "codex-http", "x-turnout-transport": "http" });
  expect(outputSchema.parse(document).output.map(({ type }) => type)).toEqual(["message", "compaction"]);
  const [asked] = router.sandbox.requests;
  expect(router.sandbox.requests).toHaveLength(1);
  expect(asked).toMatchObject({
    kind: "compact",
    path: "/backend-api/codex/responses/compact",
    headers: { "session-id": "conversation-1" },
    body: { ...conversation, model: "gpt-5.4" },
  });
  await expect.poll(() => router.log).toContainEqual(expect.objectContaining({ operation: "compact", status: 200 }));
});

test("a compaction that takes long stays one document, whatever the client asked for", async () => {
  const runtime = createFakeRuntime();
  const answer = async (response: ServerResponse) => {
    // A stream would be kept alive with events by now.
    await runtime.advance(20_000);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ output: [] }));
  };
  const stub = await startStubServer({ onRequest: (_request, response) => void answer(response) });
  onTestFinished(() => stub.close());
  const accounts = [{ accessToken: "token", accountId: "account" }];
  const providers = { codex: { baseUrl: `${stub.url}/backend-api/codex`, transport: "http", accounts } };
  const router = await startTestRouter({ runtime, providers: () => providers });
  const { status, headers, document } = await compact(router, { ...conversation, stream: true });
  expect(status).toBe(200);
  expect(headers["content-type"]).toContain("application/json");
  expect(document).toEqual({ output: [] });
});

test("a compaction asks as another account when the upstream refuses one", async () => {
  const router = await startTestRouter({
    accounts: (sandbox) => {
      const { accessToken, accountId } = sandbox.createAccount();
      return [
        { name: "refused", accessToken: "nobody", accountId: "nobody" },
        { name: "good", accessToken, accountId },
      ];
    },
  });
  // Some conversation begins with the account that is refused.
  for (const id of ["a", "b", "c", "d", "e", "f", "g", "h"]) {
    const { status } = await compact(router, conversation, undefined, id);
    expect(status).toBe(200);
  }
  const statuses = router.sandbox.requests.map(({ status }) => status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(1);
  expect(statuses.filter((status) => status === 200)).toHaveLength(8);
});

test("an upstream without it is named, at once and without asking it", async () => {
  const router = await startTestRouter({
    providers: (sandbox) => ({
      anthropic: {
        baseUrl: sandbox.anthropicBaseUrl,
        accounts: [{ apiKey: sandbox.createAccount({ apiKey: true }).apiKey }],
      },
    }),
  });
  const { status, document } = await compact(router, { ...conversation, model: "anthropic/claude-opus-5" });
  expect(status).toBe(400);
  expect(document).toMatchObject({
    error: {
      type: "invalid_request_error",
      param: "model",
      message: expect.stringContaining('"anthropic" to compact'),
    },
  });
  expect(router.sandbox.requests).toHaveLength(0);
});

test("what is wrong with a compaction is told as for an answer", async () => {
  const router = await startTestRouter();
  expect(await compact(router, { ...conversation, input: 7 })).toMatchObject({ status: 400 });
  expect(await compact(router, { ...conversation, model: "codex/none" })).toMatchObject({ status: 404 });
  const lost = await compact(router, { ...conversation, previous_response_id: "resp_nobody" });
  expect(lost.document).toMatchObject({ error: { code: "previous_response_not_found" } });
});

test("a compaction of an earlier answer holds the whole of its conversation", async () => {
  const router = await startTestRouter();
  const first = await request(`${router.url}/v1/responses`, {
    method: "POST",
    body: JSON.stringify({ model: "codex/gpt-5.4", input: "Hello" }),
  });
  const { id } = z.looseObject({ id: z.string() }).parse(await first.body.json());
  const body = { model: "codex/gpt-5.4", previous_response_id: id, input: "And now?" };
  const { status, document } = await compact(router, body);
  expect(status).toBe(200);
  const kept = outputSchema.parse(document).output.filter(({ type }) => type === "message");
  expect(JSON.stringify(kept)).toContain("Hello");
  expect(JSON.stringify(kept)).toContain("And now?");
});
