import { open, readFile, rename, unlink } from "node:fs/promises";
import { hostname } from "node:os";

import type { Runtime } from "@turnout/core";
import { z } from "zod";

import { errorCode } from "./files.ts";
import { parseJson } from "./parse-json.ts";

/** Longer than a holder can take: three tries of 30 s with their pauses. */
const staleAfterMs = 5 * 60_000;
/** A holder that has made the file but not yet written its name into it gets this long. */
const unreadableAfterMs = 5_000;
const pollMs = 100;

const ownerSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** Unique per acquisition. */
  token: z.string(),
  /** Milliseconds since the epoch. */
  since: z.number(),
});
type Owner = z.infer<typeof ownerSchema>;

/**
 * Locks this process holds. In a container every run has the same process id and often the same host name, so a lock with our
 * own id that is not in here was left by a run before us. One entry for each lock held.
 */
const heldHere = new Set<string>();

export interface FileLockOptions {
  readonly runtime: Runtime;
  /** Milliseconds to wait for another holder. */
  readonly maxWaitMs: number;
}

function isAlive({ pid, token }: Owner): boolean {
  if (pid === process.pid) return heldHere.has(token);
  try {
    // Signal 0 only asks.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as another user.
    return errorCode(error) !== "ESRCH";
  }
}

async function create(path: string, owner: Owner): Promise<boolean> {
  let handle;
  try {
    handle = await open(path, "wx", 0o600);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
  try {
    await handle.writeFile(JSON.stringify(owner));
  } finally {
    await handle.close();
  }
  return true;
}

/** `gone`: the lock was released meanwhile. `unreadable`: being written, or its writer died. */
async function readOwner(path: string): Promise<Owner | "gone" | "unreadable"> {
  let text;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "gone";
    throw error;
  }
  const owner = ownerSchema.safeParse(parseJson(text));
  return owner.success ? owner.data : "unreadable";
}

/**
 * Moves a dead holder's lock aside, so that of several waiters who saw it only one gets this file. The one that moved
 * away something else, because a faster waiter has locked in between, moves it back.
 */
async function breakLock(path: string, seen: Owner | "unreadable", unique: string): Promise<void> {
  const aside = `${path}.${unique}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  const moved = await readOwner(aside);
  const isSame = typeof moved === "object" && typeof seen === "object" ? moved.token === seen.token : moved === seen;
  if (isSame) await unlink(aside);
  else await rename(aside, path);
}

async function release(path: string, token: string): Promise<void> {
  const owner = await readOwner(path);
  // Not ours any more when we took longer than `staleAfterMs` and a waiter broke the lock.
  if (typeof owner === "object" && owner.token === token) await unlink(path);
}

/**
 * Does `work` while no other process on this data folder does: a file created with O_EXCL that names its owner. The lock of
 * a process that has died, or that is older than 5 minutes, is broken.
 *
 * @returns Undefined when the lock was not to be had within `maxWaitMs`; `work` has not begun then.
 */
export async function withFileLock<T>(
  path: string,
  options: FileLockOptions,
  work: () => Promise<T>,
): Promise<{ readonly value: T } | undefined> {
  const { runtime } = options;
  const started = runtime.monotonic();
  const host = hostname();
  let unreadableSince: number | undefined;
  for (;;) {
    const owner: Owner = { pid: process.pid, host, token: runtime.uuid(), since: runtime.now() };
    heldHere.add(owner.token);
    try {
      if (await create(path, owner)) {
        try {
          return { value: await work() };
        } finally {
          await release(path, owner.token);
        }
      }
    } finally {
      heldHere.delete(owner.token);
    }
    const holder = await readOwner(path);
    if (holder === "gone") continue;
    unreadableSince = holder === "unreadable" ? (unreadableSince ?? runtime.monotonic()) : undefined;
    const isStale =
      holder === "unreadable"
        ? unreadableSince !== undefined && runtime.monotonic() - unreadableSince >= unreadableAfterMs
        : runtime.now() - holder.since >= staleAfterMs || (holder.host === host && !isAlive(holder));
    if (isStale) {
      await breakLock(path, holder, owner.token);
      continue;
    }
    if (runtime.monotonic() - started >= options.maxWaitMs) return undefined;
    await runtime.sleep(pollMs * (0.5 + runtime.random()));
  }
}
