import { link, readFile, unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";

import type { Runtime } from "@turnout/core";
import { z } from "zod";

import { errorCode } from "../library/files.ts";
import { parseJson } from "../library/parse-json.ts";

/** Longer than a holder can take: three tries of 30 s with their pauses. */
const staleAfterMs = 5 * 60_000;
/** A file that names no owner, and a waiter that removes another's lock, get this long. */
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

/** The file appears with its owner's name in it or not at all: linking fails where another one stands. */
async function create(path: string, owner: Owner): Promise<boolean> {
  const draft = `${path}.${owner.token}`;
  await writeFile(draft, JSON.stringify(owner), { mode: 0o600, flag: "wx" });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

/** `gone`: the lock was released meanwhile. `unreadable`: not written by us, or on a disk that was full. */
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
 * Removes a dead holder's lock. Waiters do so one at a time, under a file of their own, and look again first: what one of
 * them saw may be the lock of a faster one by now.
 *
 * @returns False while another waiter is at it.
 */
async function breakLock(path: string, seen: Owner | "unreadable", unique: string): Promise<boolean> {
  const guard = `${path}.break`;
  const owner: Owner = { pid: process.pid, host: hostname(), token: unique, since: 0 };
  if (!(await create(guard, owner))) return false;
  try {
    const holder = await readOwner(path);
    const isSame =
      typeof holder === "object" && typeof seen === "object" ? holder.token === seen.token : holder === seen;
    if (isSame) await unlink(path);
  } finally {
    await unlink(guard);
  }
  return true;
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
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
  let guardedSince: number | undefined;
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
      if (await breakLock(path, holder, owner.token)) continue;
      // A waiter that died while it removed a lock left its own file behind.
      guardedSince ??= runtime.monotonic();
      if (runtime.monotonic() - guardedSince >= unreadableAfterMs) {
        await removeIfThere(`${path}.break`);
        guardedSince = undefined;
      }
    } else guardedSince = undefined;
    if (runtime.monotonic() - started >= options.maxWaitMs) return undefined;
    await runtime.sleep(pollMs * (0.5 + runtime.random()));
  }
}
