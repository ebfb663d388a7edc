import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type RouterError, systemRuntime } from "@turnout/core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

import { bundlePrograms } from "../../test/bundle-programs.ts";
import {
  errorOf,
  hour,
  makeAccessToken,
  makeFolder,
  openStore,
  signal,
  startTokenEndpoint,
  type TokenEndpoint,
} from "../../test/support.ts";
import type { AccountStore } from "../store/account-store.ts";
import { createRotations } from "./create-rotations.ts";
import { helperArguments } from "./helper-process.ts";
import { createStoredAccounts } from "./stored-accounts.ts";

let folder: string;
let helper: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnout-programs-"));
  await bundlePrograms({ helper: "src/refresh/rotation-program.ts" }, folder);
  helper = join(folder, "programs", "helper.js");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Scene {
  readonly endpoint: TokenEndpoint;
  readonly store: AccountStore;
  readonly warnings: RouterError[];
  /** Adds an account whose access token ends then. */
  add(serial: number, expiresAt: number): string;
  lease(id: string): Promise<string>;
  /** The helper at work for an account. */
  helperOf(id: string): number;
}

async function setScene(program = helper, proxyUrl?: string): Promise<Scene> {
  const endpoint = await startTokenEndpoint();
  endpoint.now = () => systemRuntime.now();
  const store = await openStore(join(await makeFolder(), "data"), systemRuntime);
  const warnings: RouterError[] = [];
  const onWarning = (warning: RouterError) => warnings.push(warning);
  const rotations = createRotations({ store, runtime: systemRuntime, program, onWarning });
  const oauth = { issuer: endpoint.issuer, clientId: "app_test", tokenPath: "/oauth/token" };
  const token = { oauth, headers: { "user-agent": "turnout/test" }, ...(proxyUrl !== undefined && { proxyUrl }) };
  onTestFinished(() => rotations.close());
  return {
    endpoint,
    store,
    warnings,
    add(serial, expiresAt) {
      const secrets = {
        secret: makeAccessToken(expiresAt, "account-1", serial),
        refreshToken: `rt_${serial}`,
        expiresAt,
      };
      return store.accounts.add({ provider: "codex", kind: "oauth", origin: "login", secrets }).id;
    },
    async lease(id) {
      // Everything anew, as after a start of turnout.
      const accounts = createStoredAccounts({
        store,
        runtime: systemRuntime,
        rotator: rotations,
        tokenRequestOf: () => token,
        onWarning,
      });
      onTestFinished(() => accounts.close());
      const account = accounts.list("codex").find(({ key }) => key === id);
      if (account === undefined) throw new Error("No account");
      return (await account.lease(signal)).secret;
    },
    helperOf: (id) => store.leases.holder(`rotation ${id}`)?.pid ?? 0,
  };
}

const ended = () => systemRuntime.now() - hour;

test("a refresh token is sent by a process of its own, with the headers it was told", async () => {
  const scene = await setScene();
  const id = scene.add(0, ended());
  let sender = 0;
  scene.endpoint.beforeReply = () => {
    sender = scene.helperOf(id);
  };
  expect(await scene.lease(id)).toMatch(/^eyJ/u);
  expect(sender).not.toBe(process.pid);
  expect(sender).toBeGreaterThan(0);
  expect(scene.endpoint.requests[0]?.body).toMatchObject({ client_id: "app_test", refresh_token: "rt_0" });
  expect(scene.warnings).toEqual([]);
  expect(scene.store.leases.holder(`rotation ${id}`)).toBeUndefined();
});

test("a helper that is killed before the issuer has the token costs nothing", async () => {
  const scene = await setScene();
  const id = scene.add(0, ended());
  let count = 0;
  scene.endpoint.script.push("cut");
  scene.endpoint.beforeReply = () => {
    count += 1;
    if (count === 1) process.kill(scene.helperOf(id), "SIGKILL");
  };
  // The issuer has not taken it: the second try of the same lease succeeds.
  expect(await scene.lease(id)).toMatch(/^eyJ/u);
  expect(scene.store.accounts.get(id)?.needsLogin).toBeUndefined();
});

test("a helper that is killed between the issuer and the journal loses that login, says so, and no other", async () => {
  const scene = await setScene();
  const id = scene.add(0, ended());
  const other = scene.add(100, ended());
  scene.endpoint.script.push("lost");
  scene.endpoint.beforeReply = () => {
    if (scene.endpoint.seen.length === 1) process.kill(scene.helperOf(id), "SIGKILL");
  };
  const error = await errorOf(scene.lease(id));
  expect(error.message).toMatch(
    /refused \(refresh_token_reused; a request at .* had no answer, and has spent it it seems\)/u,
  );
  expect(scene.store.accounts.get(id)?.needsLogin?.reason).toContain("had no answer");
  expect(await scene.lease(other)).toMatch(/^eyJ/u);
  // Once, and never again.
  await errorOf(scene.lease(id));
  expect(scene.endpoint.seen).toEqual(["rt_0", "rt_0", "rt_100"]);
});

/** A router whose helper has the token at the issuer, which answers when it is told. */
async function setStage(patienceMs: number) {
  const scene = await setScene();
  const id = scene.add(0, ended());
  const rotations = createRotations({ store: scene.store, runtime: systemRuntime, program: helper, patienceMs });
  const oauth = { issuer: scene.endpoint.issuer, clientId: "app_test", tokenPath: "/oauth/token" };
  const accounts = createStoredAccounts({
    store: scene.store,
    runtime: systemRuntime,
    rotator: rotations,
    tokenRequestOf: () => ({ oauth }),
  });
  let answer = () => {};
  const arrived = new Promise<number>((resolve) => {
    scene.endpoint.beforeReply = () => {
      resolve(scene.helperOf(id));
      return new Promise<void>((proceed) => {
        answer = proceed;
      });
    };
  });
  const leased = accounts.list("codex")[0]?.lease(signal) ?? Promise.reject(new Error("No account"));
  // Looked at later.
  leased.catch(() => {});
  return { ...scene, id, rotations, leased, pid: await arrived, answer: () => answer() };
}

test("a router that stops waits a little for its helper, and uses the answer", async () => {
  const { rotations, answer, leased, store, id } = await setStage(60_000);
  const closed = rotations.close();
  answer();
  await closed;
  expect(await leased).toMatchObject({ secret: store.credentials.read(id)?.secret });
  expect(store.credentials.generation(id)).toBe(2);
});

test("a router that stops leaves a helper alone that takes long, and the next one takes the answer", async () => {
  const { rotations, answer, leased, lease, helperOf, endpoint, id, pid } = await setStage(0);
  await rotations.close();
  expect((await errorOf(leased)).message).toContain("turnout is stopping");
  // Nobody else may send the token.
  expect(helperOf(id)).toBe(pid);
  // As a supervisor ends all processes of a service.
  process.kill(pid, "SIGTERM");
  const next = lease(id);
  answer();
  expect(await next).toMatch(/^eyJ/u);
  expect(endpoint.seen).toEqual(["rt_0"]);
});

test.each([
  ["is not there", "/no/such/program.js", undefined],
  ["ends at once", undefined, "process.exit(1);"],
])("the router sends by itself where the program %s, and says so", async (_, path, source) => {
  const program = path ?? join(folder, "broken.mjs");
  if (source !== undefined) await writeFile(program, source);
  const scene = await setScene(program);
  const id = scene.add(0, ended());
  expect(await scene.lease(id)).toMatch(/^eyJ/u);
  expect(scene.warnings.map(({ message }) => message)).toEqual([
    "Cannot start a process to refresh a token: the router sends it by itself",
  ]);
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
});

test("a token request goes through the proxy of its provider", async () => {
  const { createServer } = await import("node:http");
  const seen: string[] = [];
  const proxy = createServer();
  proxy.on("connect", (request, socket) => {
    seen.push(request.url ?? "");
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => void proxy.close());
  const address = proxy.address();
  const scene = await setScene(helper, `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
  const id = scene.add(0, ended());
  await errorOf(scene.lease(id));
  expect(seen[0]).toBe(new URL(scene.endpoint.issuer).host);
  expect(scene.endpoint.seen).toEqual([]);
});

test("helperArguments() keeps what says how modules are found, and no debugger or profile", () => {
  const kept = ["--conditions=@turnout/source", "--import", "file:///tsx", "-r", "a.cjs", "--conditions", "b"];
  expect(helperArguments(["--inspect=9229", ...kept, "--cpu-prof", "--max-old-space-size=99"])).toEqual(kept);
});
