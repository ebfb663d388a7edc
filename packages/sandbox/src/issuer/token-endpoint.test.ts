import type { JsonObject } from "@turnout/core";
import { request } from "undici";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Sandbox } from "../index.ts";
import { goodBody, openSocket, post, refusedHandshake, startSandbox, testRuntime } from "../../test/harness.ts";

const tokenSchema = z.looseObject({
  access_token: z.string(),
  refresh_token: z.string(),
  id_token: z.string(),
  expires_in: z.number(),
});

async function tokenRequest(sandbox: Sandbox, contentType: string, body: string) {
  const answer = await request(`${sandbox.issuer}/oauth/token`, {
    method: "POST",
    headers: { "content-type": contentType },
    body,
  });
  return { status: answer.statusCode, text: await answer.body.text() };
}

function refresh(sandbox: Sandbox, refreshToken: string) {
  const fields = { client_id: "app", grant_type: "refresh_token", refresh_token: refreshToken };
  return tokenRequest(sandbox, "application/json", JSON.stringify(fields));
}

function claims(token: string): JsonObject {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

describe("POST /oauth/token", () => {
  test("rotates: the new tokens work, the old refresh token does not", async () => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount();
    const first = await refresh(sandbox, account.refreshToken);
    const tokens = tokenSchema.parse(JSON.parse(first.text));
    expect(tokens.refresh_token).not.toBe(account.refreshToken);
    expect(tokens.access_token).not.toBe(account.accessToken);

    const again = await refresh(sandbox, account.refreshToken);
    expect(again.status).toBe(401);
    expect(again.text).toContain("refresh_token_reused");

    const answer = await post(sandbox, { ...account, accessToken: tokens.access_token }, goodBody());
    expect(answer.status).toBe(200);
  });

  test("a second use of a refresh token is counted and ends its family, and only that", async () => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount();
    const other = sandbox.createAccount();
    const first = tokenSchema.parse(JSON.parse((await refresh(sandbox, account.refreshToken)).text));
    expect(sandbox.refreshTokenReuses).toBe(0);
    await refresh(sandbox, account.refreshToken);
    expect(sandbox.refreshTokenReuses).toBe(1);
    const descendant = await refresh(sandbox, first.refresh_token);
    expect(descendant).toMatchObject({ status: 401, text: expect.stringContaining("refresh_token_invalidated") });
    expect((await refresh(sandbox, other.refreshToken)).status).toBe(200);
  });

  test("takes a form too", async () => {
    const sandbox = await startSandbox();
    const form = new URLSearchParams({
      client_id: "app",
      grant_type: "refresh_token",
      refresh_token: sandbox.createAccount().refreshToken,
      scope: "openid profile email",
    });
    const answer = await tokenRequest(sandbox, "application/x-www-form-urlencoded", form.toString());
    expect(answer.status).toBe(200);
  });

  test.each(["revokeRefreshToken", "expireRefreshToken"] as const)("refuses after %s()", async (method) => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount();
    sandbox[method](account.accountId);
    const answer = await refresh(sandbox, account.refreshToken);
    expect(answer.status).toBe(401);
    const code = method === "revokeRefreshToken" ? "refresh_token_invalidated" : "refresh_token_expired";
    expect(answer.text).toContain(code);
  });

  test.each([
    ["an unknown token", { client_id: "app", grant_type: "refresh_token", refresh_token: "rt_0" }, 401],
    ["another grant", { client_id: "app", grant_type: "password", refresh_token: "x" }, 400],
    ["no client", { grant_type: "refresh_token", refresh_token: "x" }, 400],
  ])("refuses %s", async (_name, fields, status) => {
    const sandbox = await startSandbox();
    expect((await tokenRequest(sandbox, "application/json", JSON.stringify(fields))).status).toBe(status);
  });

  test("does not keep refresh tokens in the records' bodies", async () => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount();
    await refresh(sandbox, account.refreshToken);
    expect(JSON.stringify(sandbox.requests)).not.toContain(account.refreshToken);
  });
});

describe("an access token", () => {
  test("tells account, plan and expiry", async () => {
    const runtime = testRuntime();
    const sandbox = await startSandbox({ runtime, tokenLifetimeSeconds: 3_600 });
    const account = sandbox.createAccount({ accountId: "acct-1", planType: "pro" });
    expect(claims(account.accessToken)).toMatchObject({
      exp: runtime.now() / 1000 + 3_600,
      "https://api.openai.com/auth": { chatgpt_account_id: "acct-1", chatgpt_plan_type: "pro" },
    });
    expect(account.authJson()).toMatchObject({
      tokens: { access_token: account.accessToken, account_id: "acct-1" },
      last_refresh: new Date(runtime.now()).toISOString(),
    });
  });

  test("expires by the clock", async () => {
    const runtime = testRuntime();
    const sandbox = await startSandbox({ runtime, tokenLifetimeSeconds: 60 });
    const account = sandbox.createAccount();
    expect((await post(sandbox, account, goodBody())).status).toBe(200);
    await runtime.advance(60_000);
    const late = await post(sandbox, account, goodBody());
    expect(late.status).toBe(401);
    expect(late.text).toContain("token_expired");
  });

  test("is expired by expireTokens(), over HTTP and on the handshake", async () => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount();
    sandbox.expireTokens(account.accountId);
    expect((await post(sandbox, account, goodBody())).text).toContain("token_expired");
    expect(await refusedHandshake(openSocket(sandbox, account))).toMatchObject({ status: 401 });
    expect(sandbox.requests.map(({ outcome }) => outcome)).toEqual(["refused", "refused"]);
  });

  test("of no account is refused", async () => {
    const sandbox = await startSandbox();
    const account = { ...sandbox.createAccount(), accessToken: "eyJ.eyJ.x" };
    expect((await post(sandbox, account, goodBody())).text).toContain("token_invalidated");
  });
});

test("createAccount() refuses an account id twice", async () => {
  const sandbox = await startSandbox();
  sandbox.createAccount({ accountId: "acct-1" });
  expect(() => sandbox.createAccount({ accountId: "acct-1" })).toThrow(RangeError);
});
