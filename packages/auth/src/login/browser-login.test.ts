import { createServer } from "node:net";

import { type OAuthDeclaration, RouterError, systemRuntime } from "@turnout/core";
import type { Sandbox } from "@turnout/sandbox";
import { createFakeRuntime } from "@turnout/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { decide, visit } from "../../test/browser-user.ts";
import { codexLogin, startIssuer } from "../../test/sandbox-login.ts";
import { errorOf } from "../../test/support.ts";
import { readCodexClaims } from "../tokens/codex-claims.ts";
import { type BrowserLogin, startBrowserLogin } from "./browser-login.ts";

const controller = new AbortController();

async function begin(
  oauth: OAuthDeclaration,
  runtime = systemRuntime,
  signal = controller.signal,
): Promise<BrowserLogin> {
  const stop = new AbortController();
  const ending = AbortSignal.any([signal, stop.signal]);
  const login = await startBrowserLogin({ provider: "codex", oauth, runtime, signal: ending });
  login.completed.catch(() => undefined);
  onTestFinished(() => stop.abort());
  return login;
}

async function scene(): Promise<{ sandbox: Sandbox; login: BrowserLogin }> {
  const sandbox = await startIssuer();
  sandbox.createAccount({ accountId: "acct-1", planType: "pro" });
  return { sandbox, login: await begin(codexLogin(sandbox.issuer)) };
}

/** A port that is taken for the length of the test. */
async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function withRedirect(oauth: OAuthDeclaration, redirect: object): OAuthDeclaration {
  const { browser } = oauth;
  if (browser === undefined) throw new Error("No browser login");
  return { ...oauth, browser: { ...browser, redirect: { ...browser.redirect, ...redirect } } };
}

describe("startBrowserLogin()", () => {
  test("asks with PKCE, state and the declared parameters, and brings the tokens of who agreed", async () => {
    const { login } = await scene();
    const { searchParams } = new URL(login.url);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      response_type: "code",
      scope: "openid profile email offline_access",
      code_challenge_method: "S256",
      codex_cli_simplified_flow: "true",
      redirect_uri: login.redirectUri,
    });
    expect(searchParams.get("state")).toMatch(/^[\w-]{43}$/u);
    const page = await visit(await decide(login.url, { account: "acct-1" }));
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining("Logged in") });
    const tokens = await login.completed;
    expect(readCodexClaims(tokens.idToken ?? "")).toMatchObject({ accountId: "acct-1", planType: "pro" });
    expect(tokens).toMatchObject({ refreshToken: expect.stringMatching(/^rt_/u), expiresInSeconds: 864_000 });
  });

  test("shows a page without script, under a policy that allows none", async () => {
    const { login } = await scene();
    const page = await visit(await decide(login.url));
    expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'; style-src 'sha256-[^ ]+'; /u);
    expect(page.headers).toMatchObject({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
    expect(page.text).not.toMatch(/<script|javascript:|onload/iu);
    await login.completed;
  });

  test("a visit with another state, another path, host or method changes nothing", async () => {
    const { login } = await scene();
    const back = await decide(login.url, { account: "acct-1" });
    const forged = await visit(`${login.redirectUri}?code=ac_forged&state=other`);
    expect(forged).toMatchObject({ status: 400, text: expect.stringContaining("another login") });
    expect((await visit(`${login.redirectUri}?code=ac_forged`)).status).toBe(400);
    const told = await visit(`${login.redirectUri}?error=%3Cb%3Ebad`);
    expect(told.text).toContain("The issuer says: &lt;b&gt;bad");
    expect((await visit(new URL("/", login.redirectUri).href)).status).toBe(404);
    expect((await visit(back, { host: "evil.example" })).status).toBe(403);
    expect((await visit(back)).status).toBe(200);
    expect(await login.completed).toHaveProperty("accessToken");
  });

  test("a denial ends it, and the browser shows it", async () => {
    const { login } = await scene();
    const page = await visit(await decide(login.url, { decision: "deny" }));
    expect(page).toMatchObject({ status: 400, text: expect.stringContaining("the request was denied") });
    expect(await errorOf(login.completed)).toMatchObject({
      code: "credential-unavailable",
      message: "Cannot log in to codex: the request was denied in the browser",
    });
  });

  test("a port that is taken is told, and pasting the address helps", async () => {
    const sandbox = await startIssuer();
    const port = await takenPort();
    const login = await begin(withRedirect(codexLogin(sandbox.issuer), { port }));
    expect(login.problem).toBe(`Cannot listen on port ${port}: another program uses it`);
    const back = await decide(login.url);
    expect(back.startsWith(`http://localhost:${port}/auth/callback?`)).toBe(true);
    login.paste(`  ${back}\n`);
    expect(await login.completed).toHaveProperty("refreshToken");
  });

  test("takes another port where the issuer allows it", async () => {
    const sandbox = await startIssuer();
    const login = await begin(withRedirect(codexLogin(sandbox.issuer), { port: await takenPort(), otherPorts: true }));
    expect(login.problem).toBeUndefined();
    await visit(await decide(login.url));
    expect(await login.completed).toHaveProperty("refreshToken");
  });

  test("takes the pasted code alone, and refuses what is no address of this login", async () => {
    const { login } = await scene();
    for (const text of ["", "hello there", "https://example.com/", `${login.redirectUri}?code=ac_1&state=other`]) {
      expect(() => login.paste(text)).toThrow(/^Cannot use what was pasted/u);
    }
    const back = new URL(await decide(login.url));
    login.paste(back.searchParams.get("code") ?? "");
    expect(await login.completed).toHaveProperty("refreshToken");
  });

  test("a wrong pasted code ends it with the issuer's reason", async () => {
    const { login } = await scene();
    login.paste("ac_0123456789abcdef");
    expect((await errorOf(login.completed)).message).toBe(
      "Cannot log in to codex: the issuer refused the code (invalid_grant, status 400)",
    );
  });

  test.each([
    [{ type: "html" } as const, "the issuer refused the code (status 503)"],
    [{ type: "html", status: 200 } as const, "the issuer's answer is not understood"],
    [{ type: "http", status: 500 } as const, "the issuer refused the code (status 500)"],
    [{ type: "cut" } as const, "connection broke off"],
  ])("an issuer that answers %j ends it with a reason and without a token", async (fault, reason) => {
    const { sandbox, login } = await scene();
    sandbox.scriptIssuer({ fault });
    const page = await visit(await decide(login.url));
    expect(page.status).toBe(400);
    const error = await errorOf(login.completed);
    expect(error.message).toContain(reason);
    expect(error.cause instanceof Error ? error.cause.message : "").not.toMatch(/ac_|eyJ|rt_/u);
  });

  test("lacks of the answer are borne: no token type, no refresh token, no id token", async () => {
    const { sandbox, login } = await scene();
    sandbox.scriptIssuer({ fault: { type: "incomplete", fields: ["token_type", "refresh_token", "id_token"] } });
    await visit(await decide(login.url));
    expect(await login.completed).toMatchObject({ refreshToken: undefined, idToken: undefined });
  });

  test("ends when it is aborted, and frees its port", async () => {
    const sandbox = await startIssuer();
    const abort = new AbortController();
    const login = await begin(codexLogin(sandbox.issuer), systemRuntime, abort.signal);
    abort.abort(new Error("enough"));
    await expect(login.completed).rejects.toThrow("enough");
    await expect(visit(login.redirectUri)).rejects.toThrow("ECONNREFUSED");
  });

  test("ends after fifteen minutes", async () => {
    const sandbox = await startIssuer();
    const runtime = createFakeRuntime({ now: systemRuntime.now(), seed: 1 });
    const login = await begin(codexLogin(sandbox.issuer), runtime);
    await runtime.advance(900_000);
    expect((await errorOf(login.completed)).message).toContain("nobody logged in within 15 minutes");
  });

  test("an issuer that never answers ends it after half a minute", async () => {
    const sandbox = await startIssuer();
    const runtime = createFakeRuntime({ now: systemRuntime.now(), seed: 1 });
    const login = await begin(codexLogin(sandbox.issuer), runtime);
    sandbox.scriptIssuer({ fault: { type: "hang" } });
    const page = visit(await decide(login.url));
    while (sandbox.requests.at(-1)?.outcome !== "faulted") await new Promise((resolve) => setImmediate(resolve));
    await runtime.advance(30_000);
    expect(await page).toMatchObject({ status: 400, text: expect.stringContaining("no answer within 30000 ms") });
    expect(await errorOf(login.completed)).toMatchObject({ code: "upstream-timeout" });
  });

  test("needs a provider that has such a login", async () => {
    const { browser: _browser, ...without } = codexLogin("http://127.0.0.1:1");
    expect(RouterError.is(await errorOf(begin(without)))).toBe(true);
  });
});
