import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

import { systemRuntime } from "@turnout/core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

import { bundlePrograms } from "../../test/bundle-programs.ts";
import { makeAccessToken, makeFolder, openStore, startTokenEndpoint, type TokenEndpoint } from "../../test/support.ts";
import type { AccountStore } from "../store/account-store.ts";

let programs: string;
let kills = 0;

beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), "turnout-programs-"));
  await bundlePrograms({ child: "test/rotation-child.ts", helper: "src/refresh/rotation-program.ts" }, programs);
});
afterAll(() => rm(programs, { recursive: true, force: true }));

/** Less than the minute before its end in which a token is refreshed: every process has to rotate. */
const lifetimeMs = 45_000;

interface Scene {
  readonly endpoint: TokenEndpoint;
  readonly store: AccountStore;
  readonly id: string;
  /** Starts a process that stands still at a step; without one it goes to its end. */
  start(stopAt?: string): ChildProcessByStdio<null, Readable, null>;
}

async function setScene(): Promise<Scene> {
  const data = join(await makeFolder(), "data");
  const endpoint = await startTokenEndpoint();
  endpoint.now = () => systemRuntime.now();
  endpoint.lifetimeMs = lifetimeMs;
  const store = await openStore(data, systemRuntime);
  const expiresAt = systemRuntime.now() + lifetimeMs;
  const secrets = { secret: makeAccessToken(expiresAt), refreshToken: "rt_0", expiresAt };
  const { id } = store.accounts.add({ provider: "codex", kind: "oauth", origin: "login", label: "a", secrets });
  return {
    endpoint,
    store,
    id,
    start(stopAt = "") {
      const program = (name: string) => join(programs, "programs", `${name}.js`);
      const child = spawn(process.execPath, [program("child"), data, endpoint.issuer, program("helper"), stopAt], {
        stdio: ["ignore", "pipe", "inherit"],
        // The leader of a group, as in a terminal.
        detached: true,
      });
      onTestFinished(() => void child.kill("SIGKILL"));
      return child;
    },
  };
}

/** With its whole group, as Ctrl-C and a supervisor do it: a helper must not belong to it. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  process.kill(-child.pid, "SIGKILL");
  const [, signal]: unknown[] = await exited;
  if (signal === "SIGKILL") kills += 1;
}

/** Resolves when a process says a step; false when it ends before. */
async function reaches(child: ChildProcessByStdio<null, Readable, null>, step: string): Promise<boolean> {
  for await (const line of createInterface({ input: child.stdout })) if (line === step) return true;
  return false;
}

/** What a process leased, at its end. */
async function tokenOf(child: ChildProcessByStdio<null, Readable, null>): Promise<string | undefined> {
  let token;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("shown ")) token = line.slice("shown ".length);
  }
  return token;
}

/** One valid chain is left: no refresh token came twice, and the stored one is the last that was given out, and works. */
async function expectOneChain({ endpoint, store, id, start }: Scene): Promise<void> {
  // A helper that is still at work is waited for by the next process.
  const token = await tokenOf(start());
  expect(new Set(endpoint.seen).size).toBe(endpoint.seen.length);
  const stored = store.credentials.read(id);
  expect(stored?.secret).toBe(token);
  expect(stored?.refreshToken).toBe(`rt_${endpoint.seen.length}`);
  expect(endpoint.seen).not.toContain(stored?.refreshToken);
  expect(store.accounts.get(id)?.needsLogin).toBeUndefined();
  expect(store.rotations.read(id)).toBeUndefined();
}

/** For a machine that is busy with other things; alone it takes a tenth of that. */
const patienceMs = 300_000;

const steps = ["leased", "sending", "answered", "applied", "shown"];

/** Two at a time, each with a store and an issuer of its own: there are other cores. */
async function onTwoLanes(work: (scene: Scene) => Promise<void>): Promise<void> {
  await Promise.all([await setScene(), await setScene()].map(work));
}

test("a process killed at any step of a rotation leaves one valid chain", { timeout: patienceMs }, async () => {
  await onTwoLanes(async (scene) => {
    for (let round = 0; round < 50; round += 1) {
      const step = steps[round % steps.length] ?? "";
      const child = scene.start(step);
      // One that finds the answer of the one before it sends nothing, and so comes to its end another way.
      await reaches(child, step);
      await kill(child);
    }
    await expectOneChain(scene);
    // Ten at `answered`, ten at `shown`, and the last one of all.
    expect(scene.endpoint.seen).toHaveLength(21);
  });
});

test(
  "a process killed while the issuer has its token leaves the answer to its successor",
  { timeout: patienceMs },
  async () => {
    await onTwoLanes(async (scene) => {
      const { endpoint, store, id } = scene;
      let victim: ChildProcess | undefined;
      endpoint.beforeReply = async () => {
        if (victim !== undefined) await kill(victim);
      };
      for (let round = 0; round < 20; round += 1) {
        victim = scene.start();
        await once(victim, "exit");
        victim = undefined;
        const generation = store.credentials.generation(id) ?? 0;
        const token = await tokenOf(scene.start());
        expect(endpoint.seen).toHaveLength(round + 1);
        expect(store.credentials.read(id)).toMatchObject({ generation: generation + 1, secret: token });
      }
      endpoint.beforeReply = () => {};
      await expectOneChain(scene);
    });
  },
);

test(
  "processes killed at any moment, with others at work, leave one valid chain",
  { timeout: patienceMs },
  async () => {
    const scene = await setScene();
    for (let round = 0; round < 70; round += 1) {
      const [victim, other] = [scene.start(), scene.start()];
      const survivor = tokenOf(other);
      await systemRuntime.sleep(20 + ((round * 37) % 300));
      await kill(victim);
      expect(await survivor).toMatch(/^eyJ/u);
    }
    await expectOneChain(scene);
  },
);

test("that was at least 200 kills", () => {
  expect(kills).toBeGreaterThanOrEqual(200);
});
