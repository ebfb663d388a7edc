import { createFakeRuntime } from "@turnout/testing";
import { MockAgent } from "undici";
import { expect, test } from "vitest";

import { errorOf, startTokenEndpoint } from "../../test/support.ts";
import { readTokenRefreshResponse, requestTokenRefresh } from "./token-refresh.ts";

const oauth = { issuer: "http://issuer.test/", clientId: "app_test", tokenPath: "/oauth/token" };

test("readTokenRefreshResponse() takes what is there; every field is optional", () => {
  const read = (value: unknown) => readTokenRefreshResponse({ status: 200, body: JSON.stringify(value) });
  expect(read({ access_token: "a", refresh_token: "r", id_token: "i", expires_in: 60, scope: "x" })).toEqual({
    outcome: "refreshed",
    tokens: { accessToken: "a", refreshToken: "r", idToken: "i", expiresInMs: 60_000 },
  });
  const nothing = { accessToken: undefined, refreshToken: undefined, idToken: undefined, expiresInMs: undefined };
  expect(read({})).toEqual({ outcome: "refreshed", tokens: nothing });
  expect(read({ access_token: null, refresh_token: "", id_token: 7, expires_in: "soon" })).toEqual({
    outcome: "refreshed",
    tokens: nothing,
  });
});

test("readTokenRefreshResponse() finds the code in each of its places", () => {
  for (const body of [
    { error: { code: "refresh_token_reused", message: "…" } },
    { error: "refresh_token_reused" },
    { code: "refresh_token_reused" },
    { error: { message: "…" }, code: "refresh_token_reused" },
  ]) {
    expect(readTokenRefreshResponse({ status: 401, body: JSON.stringify(body) })).toEqual({
      outcome: "refused",
      code: "refresh_token_reused",
    });
  }
});

test("readTokenRefreshResponse() tells what condemns the token from what may pass", () => {
  const outcomeOf = (status: number, body: string) => readTokenRefreshResponse({ status, body }).outcome;
  expect(outcomeOf(401, "<html>")).toBe("refused");
  expect(outcomeOf(401, '{"error":"something_new"}')).toBe("refused");
  expect(outcomeOf(400, '{"error":"invalid_grant"}')).toBe("refused");
  expect(outcomeOf(403, '{"error":{"code":"token_invalidated"}}')).toBe("refused");
  expect(outcomeOf(400, '{"error":"invalid_request"}')).toBe("failed");
  expect(outcomeOf(403, "<html>challenge</html>")).toBe("failed");
  expect(outcomeOf(429, "{}")).toBe("failed");
  expect(outcomeOf(500, '{"error":"invalid_grant"}')).toBe("failed");
  expect(outcomeOf(302, "")).toBe("failed");
  expect(outcomeOf(200, "<html>")).toBe("failed");
  expect(outcomeOf(200, "[]")).toBe("failed");
});

test("readTokenRefreshResponse() shows no code that may be an echo of the token", () => {
  const read = (code: string) => readTokenRefreshResponse({ status: 500, body: JSON.stringify({ error: code }) });
  expect(read("server_error")).toEqual({ outcome: "failed", reason: "status 500, server_error" });
  expect(read("token rt_1 failed")).toEqual({ outcome: "failed", reason: "status 500" });
  expect(read("rt_1")).toEqual({ outcome: "failed", reason: "status 500" });
});

test("requestTokenRefresh() posts JSON through the dispatcher it is given, with the headers it is given", async () => {
  const agent = new MockAgent();
  agent.disableNetConnect();
  agent
    .get("http://issuer.test")
    .intercept({
      path: "/oauth/token",
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": "turnout/0" },
      body: '{"client_id":"app_test","grant_type":"refresh_token","refresh_token":"rt_0"}',
    })
    .reply(200, { ok: true });
  const options = { oauth, dispatcher: agent, headers: { "user-agent": "turnout/0" } };
  expect(await requestTokenRefresh("rt_0", options, createFakeRuntime())).toEqual({ status: 200, body: '{"ok":true}' });
  await agent.close();
});

test("requestTokenRefresh() ends at its deadline, and leaves no timer", async () => {
  const endpoint = await startTokenEndpoint();
  endpoint.script.push("stall");
  const runtime = createFakeRuntime();
  const arrived = new Promise<void>((resolve) => {
    endpoint.beforeReply = resolve;
  });
  const work = errorOf(requestTokenRefresh("rt_0", { oauth: { ...oauth, issuer: endpoint.issuer } }, runtime));
  await arrived;
  await runtime.advance(29_999);
  expect(runtime.pendingTimers).toBe(1);
  await runtime.advance(1);
  const error = await work;
  expect(error.code).toBe("upstream-timeout");
  expect(error.message).toMatch(/no answer within 30000 ms$/u);
  expect(runtime.pendingTimers).toBe(0);
});

test("requestTokenRefresh() bounds what it reads", async () => {
  const endpoint = await startTokenEndpoint();
  endpoint.script.push({ status: 200, body: "x".repeat(2 * 1024 * 1024) });
  const options = { oauth: { ...oauth, issuer: endpoint.issuer } };
  expect(await requestTokenRefresh("rt_0", options, createFakeRuntime())).toEqual({ status: 200, body: "" });
});

test("requestTokenRefresh() says what it could not reach", async () => {
  const options = { oauth: { ...oauth, issuer: "http://127.0.0.1:1" } };
  const error = await errorOf(requestTokenRefresh("rt_0", options, createFakeRuntime()));
  expect(error.code).toBe("upstream-unavailable");
  expect(error.message).toMatch(/^Cannot refresh a token at http:\/\/127\.0\.0\.1:1\/oauth\/token: /u);
});
