import { createHash } from "node:crypto";
import { request } from "undici";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { startSandbox, testRuntime, until } from "../../test/harness.ts";
import type { Sandbox } from "../index.ts";

const clientId = "app_EMoamEEZ73f0CkXaXp7hrann";
const redirectUri = "http://localhost:1455/auth/callback";
const verifier = "v".repeat(64);
const goodQuery = {
  response_type: "code",
  client_id: clientId,
  redirect_uri: redirectUri,
  scope: "openid profile email offline_access",
  code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  code_challenge_method: "S256",
  state: "state-of-the-client",
};

const tokensSchema = z.looseObject({ access_token: z.string(), refresh_token: z.string(), id_token: z.string() });

async function get(sandbox: Sandbox, path: string, query: Record<string, string> = {}) {
  const answer = await request(`${sandbox.issuer}${path}?${new URLSearchParams(query).toString()}`);
  return { status: answer.statusCode, location: answer.headers.location, text: await answer.body.text() };
}

async function send(sandbox: Sandbox, path: string, fields: Record<string, string>, kind: "form" | "json" = "form") {
  const isForm = kind === "form";
  const answer = await request(`${sandbox.issuer}${path}`, {
    method: "POST",
    headers: { "content-type": isForm ? "application/x-www-form-urlencoded" : "application/json" },
    body: isForm ? new URLSearchParams(fields).toString() : JSON.stringify(fields),
  });
  return { status: answer.statusCode, location: answer.headers.location, text: await answer.body.text() };
}

/** What a user does who agrees, or not. */
async function consent(sandbox: Sandbox, decision: "allow" | "deny", account = "acct-1") {
  const page = await get(sandbox, "/oauth/authorize", goodQuery);
  const id = /name="request" value="([^"]+)"/.exec(page.text)?.[1] ?? "";
  const { location } = await send(sandbox, "/oauth/authorize/consent", { request: id, account, decision });
  return new URL(z.string().parse(location));
}

function exchange(sandbox: Sandbox, code: string, changed: Record<string, string> = {}) {
  return send(sandbox, "/oauth/token", {
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri,
    client_id: clientId,
    code_verifier: verifier,
    ...changed,
  });
}

async function codeFor(sandbox: Sandbox): Promise<string> {
  return (await consent(sandbox, "allow")).searchParams.get("code") ?? "";
}

function refresh(sandbox: Sandbox, refreshToken: string) {
  const fields = { grant_type: "refresh_token", refresh_token: refreshToken, client_id: clientId };
  return send(sandbox, "/oauth/token", fields, "json");
}

describe("GET /oauth/authorize", () => {
  test("leads over the page to a code and from there to tokens of the chosen account", async () => {
    const sandbox = await startSandbox();
    sandbox.createAccount({ accountId: "acct-1", email: "<one>@sandbox.invalid" });
    const page = await get(sandbox, "/oauth/authorize", goodQuery);
    expect(page.text).toContain("&lt;one&gt;@sandbox.invalid");
    const back = await consent(sandbox, "allow");
    expect(back.href).toContain(redirectUri);
    expect(back.searchParams.get("state")).toBe(goodQuery.state);
    const answer = await exchange(sandbox, back.searchParams.get("code") ?? "");
    expect(answer.status).toBe(200);
    const claims: unknown = JSON.parse(
      Buffer.from(tokensSchema.parse(JSON.parse(answer.text)).id_token.split(".")[1] ?? "", "base64url").toString(),
    );
    expect(claims).toMatchObject({
      iss: sandbox.issuer,
      aud: [clientId],
      "https://api.openai.com/auth": { chatgpt_account_id: "acct-1" },
    });
  });

  test("sends a user who denies back with access_denied", async () => {
    const sandbox = await startSandbox();
    const back = await consent(sandbox, "deny");
    expect(back.searchParams.get("error")).toBe("access_denied");
    expect(back.searchParams.get("state")).toBe(goodQuery.state);
  });

  test.each([
    [{ client_id: "app_other" }, "unknown_client"],
    [{ redirect_uri: "http://127.0.0.1:1455/auth/callback" }, "invalid_redirect_uri"],
    [{ redirect_uri: "https://evil.example/auth/callback" }, "invalid_redirect_uri"],
  ])("sends nobody anywhere for %j", async (changed, reason) => {
    const sandbox = await startSandbox();
    const page = await get(sandbox, "/oauth/authorize", { ...goodQuery, ...changed });
    expect(page).toMatchObject({ status: 400, location: undefined });
    expect(page.text).toContain(reason);
  });

  test.each([
    [{ response_type: "token" }, "unsupported_response_type"],
    [{ scope: "openid everything" }, "invalid_scope"],
    [{ scope: "profile" }, "invalid_scope"],
    [{ code_challenge_method: "plain" }, "invalid_request"],
    [{ code_challenge: "short" }, "invalid_request"],
    [{ state: "" }, "invalid_request"],
  ])("goes back with an error for %j", async (changed, error) => {
    const sandbox = await startSandbox();
    const { status, location } = await get(sandbox, "/oauth/authorize", { ...goodQuery, ...changed });
    expect(status).toBe(302);
    expect(new URL(z.string().parse(location)).searchParams.get("error")).toBe(error);
  });
});

describe("an authorization code", () => {
  test("works once, and its second use ends the tokens of the first", async () => {
    const sandbox = await startSandbox();
    sandbox.createAccount({ accountId: "acct-1" });
    const code = await codeFor(sandbox);
    const tokens = tokensSchema.parse(JSON.parse((await exchange(sandbox, code)).text));
    const again = await exchange(sandbox, code);
    expect(again.status).toBe(400);
    expect(JSON.parse(again.text)).toMatchObject({ error: "invalid_grant" });
    expect((await refresh(sandbox, tokens.refresh_token)).text).toContain("refresh_token_invalidated");
  });

  test.each([
    ["another verifier", { code_verifier: "w".repeat(64) }],
    ["another address", { redirect_uri: "http://localhost:1/auth/callback" }],
    ["another client", { client_id: "app_other" }],
  ])("does not work with %s", async (_name, changed) => {
    const sandbox = await startSandbox();
    sandbox.createAccount({ accountId: "acct-1" });
    const answer = await exchange(sandbox, await codeFor(sandbox), changed);
    expect(JSON.parse(answer.text)).toMatchObject({ error: "invalid_grant" });
  });

  test("expires after ten minutes", async () => {
    const runtime = testRuntime();
    const sandbox = await startSandbox({ runtime });
    sandbox.createAccount({ accountId: "acct-1" });
    const code = await codeFor(sandbox);
    await runtime.advance(600_000);
    expect((await exchange(sandbox, code)).text).toContain("has expired");
  });
});

describe("the device login", () => {
  const deviceSchema = z.object({ device_auth_id: z.string(), user_code: z.string(), interval: z.literal("5") });

  async function start(sandbox: Sandbox) {
    const answer = await send(sandbox, "/api/accounts/deviceauth/usercode", { client_id: clientId }, "json");
    const { device_auth_id, user_code } = deviceSchema.parse(JSON.parse(answer.text));
    const poll = () => send(sandbox, "/api/accounts/deviceauth/token", { device_auth_id, user_code }, "json");
    const decide = (decision: string) =>
      send(sandbox, "/codex/device", { user_code: user_code.toLowerCase(), account: "acct-1", decision });
    return { poll, decide };
  }

  test("is pending until the user agrees, then gives a code with its verifier, once", async () => {
    const sandbox = await startSandbox();
    sandbox.createAccount({ accountId: "acct-1" });
    const device = await start(sandbox);
    expect((await device.poll()).status).toBe(403);
    expect((await device.decide("allow")).text).toContain("Signed in");
    const granted = z
      .object({ authorization_code: z.string(), code_challenge: z.string(), code_verifier: z.string() })
      .parse(JSON.parse((await device.poll()).text));
    const answer = await exchange(sandbox, granted.authorization_code, {
      redirect_uri: `${sandbox.issuer}/deviceauth/callback`,
      code_verifier: granted.code_verifier,
    });
    expect(answer.status).toBe(200);
    expect((await device.poll()).status).toBe(404);
  });

  test("ends when the user denies, and after fifteen minutes", async () => {
    const runtime = testRuntime();
    const sandbox = await startSandbox({ runtime });
    const denied = await start(sandbox);
    await denied.decide("deny");
    expect((await denied.poll()).text).toContain("access_denied");
    const late = await start(sandbox);
    await runtime.advance(900_000);
    expect((await late.poll()).status).toBe(404);
    expect((await late.decide("allow")).text).toContain("has expired");
  });

  test("can be switched off", async () => {
    const sandbox = await startSandbox({ deviceLogin: false });
    const answer = await send(sandbox, "/api/accounts/deviceauth/usercode", { client_id: clientId }, "json");
    expect(answer.status).toBe(404);
  });
});

test("POST /oauth/revoke ends a login and no other, and takes unknown tokens", async () => {
  const sandbox = await startSandbox();
  const { refreshToken } = sandbox.createAccount({ accountId: "acct-1" });
  const other = tokensSchema.parse(JSON.parse((await exchange(sandbox, await codeFor(sandbox))).text));
  expect((await send(sandbox, "/oauth/revoke", { token: other.refresh_token }, "json")).status).toBe(200);
  expect((await send(sandbox, "/oauth/revoke", { token: "rt_unknown" })).status).toBe(200);
  expect((await refresh(sandbox, other.refresh_token)).status).toBe(401);
  expect((await refresh(sandbox, refreshToken)).status).toBe(200);
});

describe("scriptIssuer()", () => {
  test.each([
    [{ type: "http", status: 500, body: { error: "server_error" } } as const, 500, "server_error"],
    [{ type: "html" } as const, 503, "<html>"],
  ])("%j answers instead, and leaves the token unspent", async (fault, status, text) => {
    const sandbox = await startSandbox();
    const { refreshToken } = sandbox.createAccount();
    sandbox.scriptIssuer({ fault });
    expect(await refresh(sandbox, refreshToken)).toMatchObject({ status, text: expect.stringContaining(text) });
    expect((await refresh(sandbox, refreshToken)).status).toBe(200);
  });

  test.each([
    ["before", 200],
    ["after", 401],
  ] as const)("cut %s: the next use of the token answers %i", async (when, status) => {
    const sandbox = await startSandbox();
    const { refreshToken } = sandbox.createAccount();
    sandbox.scriptIssuer({ fault: { type: "cut", when } });
    await expect(refresh(sandbox, refreshToken)).rejects.toThrow(/ECONNRESET|other side closed|terminated/);
    expect((await refresh(sandbox, refreshToken)).status).toBe(status);
  });

  test("slow answers later, hang never", async () => {
    const runtime = testRuntime();
    const sandbox = await startSandbox({ runtime });
    const { refreshToken } = sandbox.createAccount();
    sandbox.scriptIssuer({ fault: { type: "slow", milliseconds: 5_000 } });
    sandbox.scriptIssuer({ fault: { type: "hang" } });
    const slow = refresh(sandbox, refreshToken);
    await until(() => runtime.pendingTimers > 0);
    await runtime.advance(5_000);
    expect((await slow).status).toBe(200);
    const abandoned = new AbortController();
    const hung = request(`${sandbox.issuer}/oauth/token`, { method: "POST", body: "{}", signal: abandoned.signal });
    await until(() => sandbox.requests.at(-1)?.outcome === "faulted" && sandbox.requests.length === 2);
    abandoned.abort();
    await expect(hung).rejects.toThrow("abort");
  });

  test("incomplete leaves fields out", async () => {
    const sandbox = await startSandbox();
    const { refreshToken } = sandbox.createAccount();
    sandbox.scriptIssuer({ fault: { type: "incomplete", fields: ["refresh_token", "id_token"] } });
    expect(Object.keys(JSON.parse((await refresh(sandbox, refreshToken)).text))).toEqual([
      "access_token",
      "token_type",
      "expires_in",
      "scope",
    ]);
  });
});

test("the records keep no body of the issuer", async () => {
  const sandbox = await startSandbox();
  sandbox.createAccount({ accountId: "acct-1" });
  await exchange(sandbox, await codeFor(sandbox));
  expect(sandbox.requests.map(({ kind }) => kind)).toEqual(["login", "login", "token"]);
  expect(JSON.stringify(sandbox.requests)).not.toContain(verifier);
});
