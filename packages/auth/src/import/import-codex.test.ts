import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Sandbox } from "@turnout/sandbox";
import { createFakeRuntime } from "@turnout/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { startIssuer } from "../../test/sandbox-login.ts";
import { errorOf, makeFolder, start } from "../../test/support.ts";
import type { Rotator } from "../refresh/rotation.ts";
import { createStoredAccounts } from "../refresh/stored-accounts.ts";
import { openAccountStore } from "../store/open-store.ts";
import { importCodexLogin } from "./import-codex.ts";

const { signal } = new AbortController();

/** Followed logins are never refreshed: nobody may be asked to. */
const noRotator = new Proxy({} as Rotator, {
  get(_target, name) {
    throw new Error(`Asked the rotator for ${String(name)}`);
  },
});

async function scene() {
  const runtime = createFakeRuntime({ now: start, seed: 1 });
  const sandbox: Sandbox = await startIssuer({ runtime, tokenLifetimeSeconds: 60 });
  const folder = await makeFolder();
  const path = join(folder, "auth.json");
  const codex = sandbox.createAccount({ accountId: "acct-1" });
  await writeFile(path, JSON.stringify(codex.authJson()));
  const store = await openAccountStore({ dataDirectory: join(folder, "data"), runtime });
  onTestFinished(() => store.close());
  const options = { store, provider: "codex", path, now: start };
  const stored = createStoredAccounts({ store, runtime, rotator: noRotator, tokenRequestOf: () => undefined });
  onTestFinished(() => stored.close());
  return { runtime, sandbox, path, codex, store, options, stored };
}

describe("importCodexLogin()", () => {
  test("follows the file: its token is leased, and a newer one after Codex has refreshed it", async () => {
    const { options, codex, sandbox, path, store, stored, runtime } = await scene();
    const before = await readFile(path, "utf8");
    const { account, how } = await importCodexLogin({ ...options, adopt: false });
    expect(how).toBe("followed");
    expect(account).toMatchObject({ label: "acct-1@sandbox.invalid", origin: "import", refreshable: false });
    await runtime.advance(2_000);
    const [leased] = stored.list("codex");
    expect(await leased?.lease(signal)).toMatchObject({ secret: codex.accessToken, accountId: "acct-1" });
    const other = { ...codex.authJson(), tokens: sandbox.createAccount().authJson().tokens };
    await writeFile(path, JSON.stringify(other));
    const rejected = { accountKey: account.id, kind: "oauth", secret: codex.accessToken } as const;
    expect(await leased?.renew(rejected, signal)).toMatchObject({ secret: other.tokens.access_token });
    expect(store.credentials.read(account.id)?.secret).toBe(path);
    expect(before).toContain(codex.refreshToken);
  });

  test("a followed login whose token has ended says who can renew it", async () => {
    const { options, stored, runtime } = await scene();
    await importCodexLogin({ ...options, adopt: false });
    await runtime.advance(60_000);
    const error = await errorOf(stored.list("codex")[0]?.lease(signal) ?? Promise.resolve());
    expect(error.message).toContain("run `codex` once, or take it over with `turnout import codex --adopt`");
  });

  test("adopts: the tokens are in the store, and the file is left alone", async () => {
    const { options, codex, path, store } = await scene();
    const before = await readFile(path, "utf8");
    const { account, how } = await importCodexLogin({ ...options, adopt: true, label: "work" });
    expect(how).toBe("adopted");
    expect(account).toMatchObject({ label: "work", origin: "import", refreshable: true });
    expect(store.credentials.read(account.id)).toMatchObject({ refreshToken: codex.refreshToken });
    expect(await readFile(path, "utf8")).toBe(before);
  });

  test("adopting a followed login keeps its label; following an adopted one is refused", async () => {
    const { options, store } = await scene();
    await importCodexLogin({ ...options, adopt: false, label: "work" });
    expect(await importCodexLogin({ ...options, adopt: false })).toMatchObject({ renewed: true });
    expect(await importCodexLogin({ ...options, adopt: true })).toMatchObject({
      renewed: true,
      account: { label: "work", refreshable: true },
    });
    expect(store.accounts.list()).toHaveLength(1);
    expect((await errorOf(importCodexLogin({ ...options, adopt: false }))).message).toContain("refreshes it by itself");
  });

  test("takes the API key of a file without tokens", async () => {
    const { options, path, store } = await scene();
    await writeFile(path, JSON.stringify({ OPENAI_API_KEY: "sk-1" }));
    const { account, how } = await importCodexLogin({ ...options, adopt: false });
    expect(how).toBe("api-key");
    expect(store.credentials.read(account.id)?.secret).toBe("sk-1");
  });

  test.each([
    ["{}", "holds neither tokens nor an API key"],
    ["half a fi", "it is not JSON"],
  ])("refuses a file that says %j", async (text, reason) => {
    const { options, path } = await scene();
    await writeFile(path, text);
    expect((await errorOf(importCodexLogin({ ...options, adopt: true }))).message).toContain(reason);
  });
});
