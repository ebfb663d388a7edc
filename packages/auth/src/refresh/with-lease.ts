import { hostname } from "node:os";

import { RouterError, type Runtime } from "@turnout/core";

import { errorCode } from "../library/files.ts";
import type { LeaseHolder, LeaseTable } from "../store/leases.ts";

/** How often a holder gives a sign of life. */
const beatMs = 5_000;
/** A holder on another host (another container) that has given none for so long is gone. */
const silentMs = 30_000;
/** One whose process lives is only stopped or very busy; it gets longer, for it may still hold a spent token's answer. */
const stoppedMs = 5 * 60_000;
const pollMs = 100;

/**
 * Leases this process holds. In a container every run has the same process id, so a lease with our own id that is not in
 * here was left by a run before us. One entry for each lease held.
 */
const heldHere = new Set<string>();

function isProcessAlive({ pid, owner }: LeaseHolder): boolean {
  if (pid === process.pid) return heldHere.has(owner);
  try {
    // Signal 0 only asks.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as another user.
    return errorCode(error) !== "ESRCH";
  }
}

/** How long a holder may be silent, in milliseconds. */
function patienceWith(holder: LeaseHolder): number {
  if (holder.host !== hostname()) return silentMs;
  return isProcessAlive(holder) ? stoppedMs : 0;
}

export interface LeaseOptions {
  readonly leases: LeaseTable;
  readonly runtime: Runtime;
  /** Milliseconds to wait for another holder. */
  readonly maxWaitMs: number;
  /** Ends the waiting, and not the work. */
  readonly signal: AbortSignal;
  readonly onWarning: (warning: RouterError) => void;
}

/**
 * Does `work` while no other process on this data folder does. The lease of a process that has died is taken over at once,
 * any other one after it has been silent for long, by our own steady clock: the time of day may jump.
 *
 * @returns Undefined when the lease was not to be had within `maxWaitMs`; `work` has not begun then.
 * @throws The signal's reason when it is aborted first.
 */
export async function withLease<T>(
  name: string,
  options: LeaseOptions,
  work: (owner: string) => Promise<T>,
): Promise<{ readonly value: T } | undefined> {
  const { runtime } = options;
  const owner = runtime.uuid();
  heldHere.add(owner);
  try {
    if (!(await acquire(name, owner, options))) return undefined;
    const stopBeating = keepBeating(name, owner, options);
    try {
      return { value: await work(owner) };
    } finally {
      stopBeating();
      options.leases.release(name, owner);
    }
  } finally {
    heldHere.delete(owner);
  }
}

async function acquire(name: string, owner: string, options: LeaseOptions): Promise<boolean> {
  const { leases, runtime } = options;
  const started = runtime.monotonic();
  let seen: LeaseHolder | undefined;
  let seenAt = started;
  for (;;) {
    const isGone = seen !== undefined && runtime.monotonic() - seenAt >= patienceWith(seen);
    if (leases.take(name, owner, isGone ? seen : undefined)) return true;
    const holder = leases.holder(name);
    if (holder?.owner !== seen?.owner || holder?.beat !== seen?.beat) {
      seen = holder;
      seenAt = runtime.monotonic();
    }
    if (runtime.monotonic() - started >= options.maxWaitMs) return false;
    await runtime.sleep(pollMs * (0.5 + runtime.random()), options.signal);
  }
}

/** Gives signs of life for `owner` until the function it returns is called. */
export function keepBeating(
  name: string,
  owner: string,
  { leases, runtime, onWarning }: Omit<LeaseOptions, "maxWaitMs" | "signal">,
): () => void {
  let timer = runtime.setTimer(beatMs, beat);
  function beat(): void {
    timer = runtime.setTimer(beatMs, beat);
    try {
      leases.beat(name, owner);
    } catch (error) {
      // Locked or full just now. The next beat may come through, and losing the lease costs no token.
      onWarning(RouterError.from(error));
    }
  }
  return () => timer.cancel();
}
