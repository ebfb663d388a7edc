import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openAccountStore } from "@turnout/auth";
import { stringify } from "yaml";
import { root } from "../library/child.ts";
import { median } from "../library/statistics.ts";

/** What stored accounts add to the start of turnout, from the start of the process until it listens, in milliseconds. */
export interface AccountsStartResult {
  readonly accounts: number;
  /** Median of the starts without any account, and with them. */
  readonly emptyMs: number;
  readonly fullMs: number;
  readonly addedMs: number;
}

export interface AccountsStartOptions {
  readonly accounts: number;
  /** Starts of each kind, in turn. */
  readonly starts: number;
}

const tenDays = 864_000_000;

function unsignedToken(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(claims)}.`;
}

/** A data folder with logins as `turnout login` makes them; none of them is due. */
export async function fillStore(dataDirectory: string, accounts: number): Promise<void> {
  const store = await openAccountStore({ dataDirectory });
  const expiresAt = Date.now() + tenDays;
  store.transaction(() => {
    for (let index = 0; index < accounts; index += 1) {
      const secret = unsignedToken({ exp: expiresAt / 1_000, jti: index, padding: "x".repeat(1_200) });
      store.accounts.add({
        provider: "codex",
        kind: "oauth",
        origin: "login",
        email: `account-${index}@example.com`,
        accountId: `workspace-${index}`,
        userId: `user-${index}`,
        secrets: { secret, refreshToken: `rt_${index}`, idToken: secret, expiresAt, refreshedAt: Date.now() },
      });
    }
  });
  store.close();
}

/** Starts the program users start, as it is built, until it says that it listens. */
async function startOnce(dataDirectory: string, config: string): Promise<number> {
  const program = path.join(root, "apps/router/dist/main.js");
  const began = performance.now();
  const child = spawn(process.execPath, [program, "serve", "--config", config], {
    env: { ...process.env, TURNOUT_HOME: dataDirectory },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(child, "exit");
  try {
    await Promise.race([once(child.stdout, "data"), ended.then(() => Promise.reject(new Error("turnout has ended")))]);
    return performance.now() - began;
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

export async function measureAccountsStart({ accounts, starts }: AccountsStartOptions): Promise<AccountsStartResult> {
  const folder = mkdtempSync(path.join(tmpdir(), "turnout-bench-accounts-"));
  try {
    const [empty, full] = [path.join(folder, "empty"), path.join(folder, "full")];
    const config = path.join(folder, "turnout.yaml");
    writeFileSync(config, stringify({ server: { port: 0 }, log: { level: "error" }, sandbox: false }));
    await fillStore(empty, 0);
    await fillStore(full, accounts);
    const times: { empty: number[]; full: number[] } = { empty: [], full: [] };
    for (let turn = 0; turn < starts; turn += 1) {
      times.empty.push(await startOnce(empty, config));
      times.full.push(await startOnce(full, config));
    }
    const [emptyMs, fullMs] = [median(times.empty), median(times.full)];
    return { accounts, emptyMs, fullMs, addedMs: fullMs - emptyMs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
