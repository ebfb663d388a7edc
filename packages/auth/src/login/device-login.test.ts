import type { Sandbox } from "@turnout/sandbox";
import { describe, expect, test } from "vitest";

import { typeCode } from "../../test/browser-user.ts";
import { codexLogin, startIssuer } from "../../test/sandbox-login.ts";
import { createEagerRuntime, errorOf, type EagerRuntime } from "../../test/support.ts";
import { readCodexClaims } from "../tokens/codex-claims.ts";
import { startDeviceLogin } from "./device-login.ts";

async function scene(onSleep: (sleeps: number, sandbox: Sandbox) => Promise<void> | void) {
  const runtime: EagerRuntime = createEagerRuntime();
  const sandbox = await startIssuer({ runtime });
  sandbox.createAccount({ accountId: "acct-1" });
  const abort = new AbortController();
  const troubles: string[] = [];
  let sleeps = 0;
  runtime.onSleep = async () => {
    sleeps += 1;
    await onSleep(sleeps, sandbox);
  };
  const login = await startDeviceLogin({
    provider: "codex",
    oauth: codexLogin(sandbox.issuer),
    runtime,
    signal: abort.signal,
    onTrouble: (message) => troubles.push(message),
  });
  login.completed.catch(() => undefined);
  return { runtime, sandbox, login, abort, troubles };
}

describe("startDeviceLogin()", () => {
  test("tells the code and where to type it, waits as long as it is told, and brings the tokens", async () => {
    const typed = { now: async () => {} };
    const { login, sandbox, runtime, troubles } = await scene(async (sleeps) => {
      if (sleeps === 3) await typed.now();
    });
    typed.now = async () => {
      await typeCode(login.verificationUrl, login.userCode, { account: "acct-1" });
    };
    expect(login.userCode).toMatch(/^[A-Z0-9]{4}-[A-Z0-9]{5}$/u);
    expect(login.verificationUrl).toBe(`${sandbox.issuer}/codex/device`);
    const tokens = await login.completed;
    expect(readCodexClaims(tokens.accessToken)).toMatchObject({ accountId: "acct-1" });
    expect(runtime.slept).toEqual([5_000, 5_000, 5_000]);
    // Waiting is no trouble.
    expect(troubles).toEqual([]);
  });

  test("ends when it is denied", async () => {
    const { login } = await scene(async (sleeps) => {
      if (sleeps === 2) await typeCode(login.verificationUrl, login.userCode, { decision: "deny" });
    });
    expect((await errorOf(login.completed)).message).toBe("Cannot log in to codex: the request was denied");
  });

  test("ends when the code has expired", async () => {
    const { login, runtime } = await scene(() => {});
    expect((await errorOf(login.completed)).message).toContain("not typed within 15 minutes");
    expect(runtime.slept).toHaveLength(180);
  });

  test("bears an issuer that is down for a while, and says so", async () => {
    const path = "/api/accounts/deviceauth/token";
    const { login, troubles } = await scene(async (sleeps, sandbox) => {
      if (sleeps === 1) {
        sandbox.scriptIssuer({ path, fault: { type: "http", status: 503 } });
        sandbox.scriptIssuer({ path, fault: { type: "cut" } });
        sandbox.scriptIssuer({ path, fault: { type: "html", status: 200 } });
      }
      if (sleeps === 4) await typeCode(login.verificationUrl, login.userCode);
    });
    expect(await login.completed).toHaveProperty("refreshToken");
    expect(troubles).toEqual([
      "The issuer answered status 503",
      expect.stringContaining("broke off"),
      "The issuer answered status 200",
    ]);
  });

  test("ends when it is aborted", async () => {
    const { login, abort } = await scene((sleeps) => {
      if (sleeps === 2) abort.abort(new Error("enough"));
    });
    await expect(login.completed).rejects.toThrow("enough");
  });

  test("says what to do where it is switched off", async () => {
    const sandbox = await startIssuer({ deviceLogin: false });
    const options = { provider: "codex", oauth: codexLogin(sandbox.issuer), signal: new AbortController().signal };
    const error = await errorOf(startDeviceLogin({ ...options, runtime: createEagerRuntime() }));
    expect(error.message).toContain("log in without --device");
  });
});
