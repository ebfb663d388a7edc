import type { Credential, JsonObject } from "@turnout/core";
import { collectEvents, createExecuteContext, startScriptedServer } from "@turnout/testing";
import { expect, test } from "vitest";

import { createOpenaiResponses } from "./openai-responses.ts";

const credential: Credential = { accountKey: "key", kind: "api-key", secret: "sk-test" };
const context = createExecuteContext({ credential });

test("createOpenaiResponses() sends the body as it is, `previous_response_id` included, and streams when asked to", async () => {
  const created = 'event: response.created\ndata: {"type":"response.created"}\n\n';
  const completed = 'event: response.completed\ndata: {"type":"response.completed"}\n\n';
  const server = await startScriptedServer(() => ({ body: created + completed }));
  const executor = createOpenaiResponses({ baseUrl: `${server.url}/v1/` });
  const body: JsonObject = {
    model: "gpt-5.4",
    input: "Hi",
    previous_response_id: "resp_1",
    temperature: 1,
    stream: true,
  };
  const response = await executor.execute({ model: "gpt-5.4", body, stream: true }, context);
  const { error, events } = await collectEvents(response);
  expect(error).toBeUndefined();
  expect(events.map((event) => event.type)).toEqual(["response.created", "response.completed"]);
  expect(server.requests[0]).toMatchObject({ path: "/v1/responses", headers: { authorization: "Bearer sk-test" } });
  expect(server.requests[0]?.body).toEqual(body);
  await executor.close?.();
  await server.close();
});

test("createOpenaiResponses() answers a request without stream with the document", async () => {
  const document: JsonObject = { id: "resp_1", object: "response", status: "completed", output: [], error: null };
  const server = await startScriptedServer(() => ({
    body: document,
    headers: { "x-request-id": "r1", "x-other": "2" },
  }));
  const executor = createOpenaiResponses({ baseUrl: `${server.url}/v1` });
  const body: JsonObject = { model: "gpt-5.4", input: "Hi" };
  const response = await executor.execute({ model: "gpt-5.4", body, stream: false }, context);
  expect(response).toMatchObject({ kind: "document", body: document, meta: { headers: { "x-request-id": "r1" } } });
  expect(response.meta.headers).not.toHaveProperty("x-other");
  expect(server.requests[0]?.body).toEqual(body);
  await executor.close?.();
  await server.close();
});

test("createOpenaiResponses() fails when the stream ends before its terminal event", async () => {
  const server = await startScriptedServer(() => ({ body: 'data: {"type":"response.created"}\n\n' }));
  const executor = createOpenaiResponses({ baseUrl: server.url });
  const body: JsonObject = { model: "gpt-5.4", input: "Hi", stream: true };
  const { error } = await collectEvents(await executor.execute({ model: "gpt-5.4", body, stream: true }, context));
  expect(error).toMatchObject({ code: "upstream-unavailable" });
  await executor.close?.();
  await server.close();
});

test("createOpenaiResponses() asks for a shorter history at an address of its own, with the body as it is", async () => {
  const document: JsonObject = { id: "resp_1", object: "response.compaction", output: [] };
  const server = await startScriptedServer(() => ({ body: document }));
  const executor = createOpenaiResponses({ baseUrl: `${server.url}/v1` });
  const body: JsonObject = { model: "gpt-5.4", previous_response_id: "resp_0" };
  const request = { model: "gpt-5.4", body: { ...body, stream: false }, stream: false, operation: "compact" } as const;
  expect(await executor.execute(request, context)).toMatchObject({ kind: "document", body: document });
  expect(server.requests[0]).toMatchObject({ path: "/v1/responses/compact", body });
  expect(server.requests[0]?.body).not.toHaveProperty("stream");
  expect(executor.operations).toEqual(["compact"]);
  await executor.close?.();
  await server.close();
});
