import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { RouterError, type Runtime } from "@turnout/core";
import { createFakeRuntime, type FakeRuntime } from "@turnout/testing";
import { onTestFinished } from "vitest";

import { createRotations, type Rotations } from "../src/refresh/create-rotations.ts";
import type { AccountStore } from "../src/store/account-store.ts";
import { openAccountStore, openHelperStore } from "../src/store/open-store.ts";

export const signal = new AbortController().signal;
export const hour = 60 * 60 * 1000;
export const day = 24 * hour;
/** What the clock of these tests shows at first. */
export const start = Date.parse("2026-10-01T12:00:00Z");

/** A JWT with an empty signature, enough for readers that do not verify. */
export function makeJwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}.c2ln`;
}

/** An access token with the claims ChatGPT puts in; `serial` makes it unlike others. */
export function makeAccessToken(expiresAt: number, accountId = "account-1", serial: number | string = 0): string {
  return makeJwt({
    exp: Math.floor(expiresAt / 1000),
    jti: serial,
    "https://api.openai.com/auth": { chatgpt_account_id: accountId, chatgpt_plan_type: "plus" },
  });
}

export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "turnout-auth-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The store of a data folder, made when it is not there. */
export async function openStore(dataDirectory: string, runtime: Runtime): Promise<AccountStore> {
  const store = await openAccountStore({ dataDirectory, runtime });
  onTestFinished(() => store.close());
  return store;
}

/** The same store as another process has it: a connection of its own. */
export function reopenStore(store: AccountStore, runtime: Runtime): AccountStore {
  const other = openHelperStore(store.path, store.key, runtime);
  onTestFinished(() => other.close());
  return other;
}

/** Rotations that send by themselves, so that the clock of the test counts. */
export function rotationsOf(store: AccountStore, runtime: Runtime): Rotations {
  return createRotations({ store, runtime, separateProcess: false });
}

export async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

export interface AuthDocument {
  readonly expiresAt: number;
  readonly refreshToken?: string;
  readonly accountId?: string;
  readonly serial?: number | string;
}

/** The text of an auth.json as Codex CLI writes it, with a key that only newer versions know. */
export function authText(document: AuthDocument): string {
  const accountId = document.accountId ?? "account-1";
  return JSON.stringify(
    {
      auth_mode: "chatgpt",
      OPENAI_API_KEY: null,
      tokens: {
        id_token: makeJwt({ "https://api.openai.com/auth": { chatgpt_account_id: accountId } }),
        access_token: makeAccessToken(document.expiresAt, accountId, document.serial),
        refresh_token: document.refreshToken ?? "rt_0",
        account_id: accountId,
        future_token_key: { kept: true },
      },
      last_refresh: "2026-09-21T12:00:00Z",
      agent_identity: { future: [1, 2, 3] },
    },
    undefined,
    2,
  );
}

export async function writeAuthFile(path: string, document: AuthDocument): Promise<void> {
  await writeFile(path, authText(document), { mode: 0o600 });
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

export interface TokenEndpoint {
  readonly issuer: string;
  /** Refresh tokens that arrived, in order. */
  readonly seen: string[];
  readonly requests: {
    readonly method: string;
    readonly path: string;
    readonly type: string;
    readonly body: unknown;
  }[];
  /**
   * Answers of the next requests, before the rotating default takes over; `cut` breaks the connection, `lost` does so after the
   * token has been spent.
   */
  readonly script: (Reply | "cut" | "lost" | "stall")[];
  /** Called before each answer. */
  beforeReply: () => Promise<void> | void;
  /** Lifetime of the access tokens it hands out, from `now`. */
  now: () => number;
  /** Milliseconds. */
  lifetimeMs: number;
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

function readRefreshToken(body: unknown): string {
  return typeof body === "object" && body !== null && "refresh_token" in body ? String(body.refresh_token) : "";
}

/**
 * A token endpoint on a real socket. Refresh tokens are single-use: `rt_0` gives `rt_1`, that one `rt_2`, and so on; one
 * that comes a second time is refused as reused.
 */
export async function startTokenEndpoint(): Promise<TokenEndpoint> {
  const spent = new Set<string>();
  const endpoint = {
    issuer: "",
    seen: [] as string[],
    requests: [] as { method: string; path: string; type: string; body: unknown }[],
    script: [] as (Reply | "cut" | "lost" | "stall")[],
    beforeReply: (): Promise<void> | void => {},
    now: () => start,
    lifetimeMs: 10 * day,
  };

  function rotate(refreshToken: string): Reply {
    if (spent.has(refreshToken)) {
      return {
        status: 401,
        body: { error: { code: "refresh_token_reused", message: `token ${refreshToken} reused` } },
      };
    }
    spent.add(refreshToken);
    const serial = Number(refreshToken.replace(/\D/gu, "")) + 1;
    return {
      status: 200,
      body: {
        id_token: makeJwt({ "https://api.openai.com/auth": { chatgpt_account_id: "account-1" }, serial }),
        access_token: makeAccessToken(endpoint.now() + endpoint.lifetimeMs, "account-1", serial),
        refresh_token: `rt_${serial}`,
        expires_in: endpoint.lifetimeMs / 1000,
      },
    };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body: unknown = JSON.parse(await readAll(request));
    const refreshToken = readRefreshToken(body);
    endpoint.seen.push(refreshToken);
    endpoint.requests.push({
      method: request.method ?? "",
      path: request.url ?? "",
      type: request.headers["content-type"] ?? "",
      body,
    });
    await endpoint.beforeReply();
    const reply = endpoint.script.shift() ?? rotate(refreshToken);
    if (reply === "stall") return;
    if (reply === "lost") rotate(refreshToken);
    if (reply === "cut" || reply === "lost") {
      request.socket.destroy();
      return;
    }
    response.writeHead(reply.status, { "content-type": "application/json" });
    response.end(typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  const address = server.address() as AddressInfo;
  endpoint.issuer = `http://127.0.0.1:${address.port}`;
  return endpoint;
}

export interface EagerRuntime extends FakeRuntime {
  /** Durations of the sleeps so far, milliseconds. */
  readonly slept: number[];
  /** Called at each sleep, before time moves. */
  onSleep: () => Promise<void> | void;
}

/** A fake Runtime that moves its own time as soon as somebody sleeps. Timers of `setTimer` still wait for their time. */
export function createEagerRuntime(seed = 1): EagerRuntime {
  const fake = createFakeRuntime({ now: start, seed });
  const eager: EagerRuntime = {
    ...fake,
    get pendingTimers() {
      return fake.pendingTimers;
    },
    slept: [],
    onSleep: () => {},
    async sleep(milliseconds) {
      eager.slept.push(milliseconds);
      await eager.onSleep();
      await fake.advance(milliseconds);
    },
  };
  return eager;
}

/** The RouterError a promise rejects with. */
export async function errorOf(work: Promise<unknown>): Promise<RouterError> {
  try {
    await work;
  } catch (error) {
    if (RouterError.is(error)) return error;
    throw error;
  }
  throw new Error("Nothing was thrown");
}
