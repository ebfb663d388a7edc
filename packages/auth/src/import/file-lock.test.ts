import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { createEagerRuntime, makeFolder, modeOf, start } from "../../test/support.ts";
import { withFileLock } from "./file-lock.ts";

const maxWaitMs = 10_000;

async function makeLockPath(): Promise<string> {
  return join(await makeFolder(), "login.lock");
}

function owner(fields: { pid?: number; host?: string; since?: number; token?: string }): string {
  return JSON.stringify({ pid: process.pid, host: hostname(), token: "other", since: start, ...fields });
}

/** A process that lives until its standard input ends, so it ends with this one at the latest. */
async function startChild(): Promise<{ pid: number; stop(): Promise<void> }> {
  const child = spawn(process.execPath, ["-e", "process.stdin.resume(); console.log('up')"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.stdin.end();
    await once(child, "exit");
  };
  onTestFinished(stop);
  return { pid: child.pid ?? 0, stop };
}

test("withFileLock() holds a private file that names its owner, and removes it, also after a failure", async () => {
  const path = await makeLockPath();
  const runtime = createEagerRuntime();
  const result = await withFileLock(path, { runtime, maxWaitMs }, async () => {
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ pid: process.pid, since: start });
    return modeOf(path);
  });
  expect(result).toEqual({ value: "600" });
  const failing = withFileLock(path, { runtime, maxWaitMs }, () => Promise.reject(new Error("work failed")));
  await expect(failing).rejects.toThrow("work failed");
  expect(await readdir(join(path, ".."))).toEqual([]);
});

/** The most holders that were inside at the same time. */
async function mostInside(path: string, contenders: number): Promise<number> {
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: contenders }, (_, seed) =>
      withFileLock(path, { runtime: createEagerRuntime(seed + 1), maxWaitMs: 10 * 60_000 }, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await readdir(join(path, ".."));
        inside -= 1;
      }),
    ),
  );
  return most;
}

test("withFileLock() lets one holder in at a time", async () => {
  const path = await makeLockPath();
  for (let round = 0; round < 20; round += 1) expect(await mostInside(path, 4)).toBe(1);
  expect(await readdir(join(path, ".."))).toEqual([]);
});

test("withFileLock() lets one holder in at a time, also when all of them see a dead one's lock", async () => {
  const path = await makeLockPath();
  for (let round = 0; round < 20; round += 1) {
    await writeFile(path, owner({ token: `dead ${round}` }));
    expect(await mostInside(path, 6)).toBe(1);
  }
  expect(await readdir(join(path, ".."))).toEqual([]);
});

test("withFileLock() waits for another process that lives, within its limit, and leaves its lock alone", async () => {
  const path = await makeLockPath();
  const child = await startChild();
  await writeFile(path, owner({ pid: child.pid }));
  const runtime = createEagerRuntime();
  let ran = false;
  const result = await withFileLock(path, { runtime, maxWaitMs }, () => {
    ran = true;
    return Promise.resolve();
  });
  expect(result).toBeUndefined();
  expect(ran).toBe(false);
  expect(runtime.now() - start).toBeGreaterThanOrEqual(maxWaitMs);
  expect(runtime.now() - start).toBeLessThan(maxWaitMs + 200);
  expect(await readFile(path, "utf8")).toContain(`"pid":${child.pid}`);
});

test("withFileLock() goes on as soon as the other process lets go", async () => {
  const path = await makeLockPath();
  const child = await startChild();
  await writeFile(path, owner({ pid: child.pid }));
  const runtime = createEagerRuntime();
  runtime.onSleep = async () => {
    if (runtime.slept.length === 3) await unlink(path);
  };
  expect(await withFileLock(path, { runtime, maxWaitMs }, () => Promise.resolve("done"))).toEqual({ value: "done" });
  expect(runtime.slept).toHaveLength(3);
});

test("withFileLock() breaks the lock of a process that has died", async () => {
  const path = await makeLockPath();
  const child = await startChild();
  await writeFile(path, owner({ pid: child.pid }));
  await child.stop();
  const runtime = createEagerRuntime();
  expect(await withFileLock(path, { runtime, maxWaitMs }, () => Promise.resolve("done"))).toEqual({ value: "done" });
  expect(runtime.slept).toEqual([]);
  expect(await readdir(join(path, ".."))).toEqual([]);
});

test("withFileLock() breaks a lock with its own process id that a run before it left", async () => {
  const path = await makeLockPath();
  await writeFile(path, owner({}));
  const runtime = createEagerRuntime();
  expect(await withFileLock(path, { runtime, maxWaitMs }, () => Promise.resolve("done"))).toEqual({ value: "done" });
});

test("withFileLock() judges the lock of another host by its age alone", async () => {
  const path = await makeLockPath();
  await writeFile(path, owner({ pid: 2 ** 22 + 1, host: "elsewhere", since: start - 299_000 + maxWaitMs }));
  const runtime = createEagerRuntime();
  const work = () => Promise.resolve("done");
  expect(await withFileLock(path, { runtime, maxWaitMs: 5_000 }, work)).toBeUndefined();
  expect(await withFileLock(path, { runtime, maxWaitMs }, work)).toEqual({ value: "done" });
});

test("withFileLock() breaks a lock that stays without a readable owner", async () => {
  const path = await makeLockPath();
  await writeFile(path, "");
  const runtime = createEagerRuntime();
  expect(await withFileLock(path, { runtime, maxWaitMs }, () => Promise.resolve("done"))).toEqual({ value: "done" });
  expect(runtime.now() - start).toBeGreaterThanOrEqual(5_000);
});
