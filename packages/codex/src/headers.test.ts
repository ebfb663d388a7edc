import type { Credential, WireRequest } from "@turnout/core";
import { createExecuteContext } from "@turnout/testing";
import { expect, test } from "vitest";

import { codexHttpHeaders, codexSession, codexSocketHeaders } from "./headers.ts";
import { codexOptionsSchema } from "./options.ts";
import { createTurnStates } from "./turn-states.ts";

const options = codexOptionsSchema.parse({});
const oauth: Credential = { accountKey: "one", kind: "oauth", secret: "token-1", accountId: "acct-1" };
const apiKey: Credential = { accountKey: "two", kind: "api-key", secret: "sk-1", accountId: "ignored" };

function request(headers: Record<string, string> = {}, body: WireRequest["body"] = {}): WireRequest {
  return { model: "gpt-5.4", body, stream: true, session: { headers } };
}

function http(of: WireRequest, credential = oauth, turnStates = createTurnStates()) {
  return codexHttpHeaders(options, turnStates, of, createExecuteContext({ credential }));
}

test("codexHttpHeaders() of a bare request with a ChatGPT login", () => {
  expect(http({ model: "gpt-5.4", body: {}, stream: true })).toEqual({
    authorization: "Bearer token-1",
    "chatgpt-account-id": "acct-1",
    originator: "codex_cli_rs",
    "user-agent": `codex_cli_rs/${options.clientVersion} (unknown; unknown) turnout`,
    version: options.clientVersion,
    "content-type": "application/json",
    accept: "text/event-stream",
  });
});

test("codexHttpHeaders() shows no account id beside an API key", () => {
  const headers = http(request(), apiKey);
  expect(headers["authorization"]).toBe("Bearer sk-1");
  expect(headers).not.toHaveProperty("chatgpt-account-id");
});

test("codexSocketHeaders() names the protocol's version and has neither accept nor content-type", () => {
  const headers = codexSocketHeaders(options, createTurnStates(), request(), createExecuteContext());
  expect(headers["openai-beta"]).toBe("responses_websockets=2026-02-06");
  expect(headers).not.toHaveProperty("accept");
  expect(headers).not.toHaveProperty("content-type");
});

test("codexHttpHeaders() forwards what a Codex client says of its conversation, and nothing of itself", () => {
  const headers = http(
    request({
      "x-codex-window-id": "w:0",
      "x-openai-subagent": "review",
      traceparent: "00-1",
      "user-agent": "OpenAI/Python",
      authorization: "Bearer client-key",
      originator: "evil",
      version: "0",
      "x-stainless-lang": "python",
      "x-forwarded-for": "10.0.0.1",
      cookie: "a=b",
      "openai-beta": "responses=experimental",
      "chatgpt-account-id": "other",
    }),
  );
  expect(headers).toMatchObject({ "x-codex-window-id": "w:0", "x-openai-subagent": "review", traceparent: "00-1" });
  expect(headers).toMatchObject({ authorization: "Bearer token-1", originator: "codex_cli_rs" });
  expect(headers["chatgpt-account-id"]).toBe("acct-1");
  expect(headers["user-agent"]).not.toContain("Python");
  for (const name of ["x-stainless-lang", "x-forwarded-for", "cookie", "openai-beta"]) {
    expect(headers).not.toHaveProperty(name);
  }
});

test.each([
  [{ "session-id": "a", session_id: "b" }, {}, "a"],
  [{ session_id: "b" }, {}, "b"],
  [{ conversation_id: "c" }, {}, "c"],
  [{}, { prompt_cache_key: "d" }, "d"],
  [{}, { prompt_cache_key: "not for a header\n" }, undefined],
  [{}, { prompt_cache_key: "é" }, undefined],
  [{}, {}, undefined],
])("codexSession() of headers %j and body %j is %s", (headers, body, expected) => {
  expect(codexSession(request(headers, body)).sessionId).toBe(expected);
});

test("codexHttpHeaders() sends one spelling of the session, and the thread as x-client-request-id", () => {
  const headers = http(request({ session_id: "s", "thread-id": "t", "x-client-request-id": "r" }));
  expect(headers).toMatchObject({ "session-id": "s", "thread-id": "t", "x-client-request-id": "t" });
  expect(headers).not.toHaveProperty("session_id");
});

test("codexHttpHeaders() rewrites the routing hint to the model and tier that are sent", () => {
  const hint = { "x-codex-routing-hint": "model=alias;tier=flex" };
  expect(http(request(hint, { service_tier: "priority" }))["x-codex-routing-hint"]).toBe("model=gpt-5.4;tier=priority");
  expect(http(request(hint))["x-codex-routing-hint"]).toBe("model=gpt-5.4");
  expect(http(request())).not.toHaveProperty("x-codex-routing-hint");
});

test("codexHttpHeaders() sends a turn state only to the account that was given it", () => {
  const turnStates = createTurnStates();
  turnStates.remember("ts_1", "one");
  const asked = request({ "x-codex-turn-state": "ts_1" });
  expect(http(asked, oauth, turnStates)["x-codex-turn-state"]).toBe("ts_1");
  expect(http(asked, { ...oauth, accountKey: "three" }, turnStates)).not.toHaveProperty("x-codex-turn-state");
  expect(http(asked)).not.toHaveProperty("x-codex-turn-state");
});

test("createTurnStates() forgets the oldest beyond its limit", () => {
  const turnStates = createTurnStates(2);
  for (const state of ["a", "b", "c"]) turnStates.remember(state, "one");
  expect(["a", "b", "c"].map((state) => turnStates.isOf(state, "one"))).toEqual([false, true, true]);
});

test("the Lite marker is a header over HTTP and none of the handshake", () => {
  const marker = "x-openai-internal-codex-responses-lite";
  const metadata = { client_metadata: { ws_request_header_x_openai_internal_codex_responses_lite: "true" } };
  expect(http(request({ [marker]: "true" }))[marker]).toBe("true");
  expect(http(request({}, metadata))[marker]).toBe("true");
  const socket = codexSocketHeaders(options, createTurnStates(), request({ [marker]: "true" }), createExecuteContext());
  expect(socket).not.toHaveProperty(marker);
});
