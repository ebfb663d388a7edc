import { type Runtime, sleepWith, type Timer } from "@turnout/core";

export interface FakeRuntimeOptions {
  /** What `now()` answers at first, milliseconds since the epoch. Default 1 700 000 000 000. */
  readonly now?: number;
  /** Where the random numbers start; the same seed gives the same numbers. Default 1. */
  readonly seed?: number;
}

/** A Runtime whose time stands still until a test moves it. */
export interface FakeRuntime extends Runtime {
  /**
   * Moves time forward, firing due timers in the order of their time. After each one, promises and sockets get a turn,
   * so a timer set by a fired one fires too when it is due.
   */
  advance(milliseconds: number): Promise<void>;
  /** Lets promises and sockets have a turn without moving time. */
  settle(): Promise<void>;
  /** Timers not yet fired or cancelled: 0 at the end of a test means that none was left behind. */
  readonly pendingTimers: number;
}

interface PendingTimer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Numbers of the mulberry32 generator: small, seeded, good enough for tests. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function formatUuid(random: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16));
  hex[12] = "4";
  hex[16] = (8 + Math.floor(random() * 4)).toString(16);
  const digits = hex.join("");
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    "-",
  );
}

function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * A Runtime for tests: time moves only by `advance`, random numbers and UUIDs follow from the seed.
 *
 * @example
 * ```ts
 * const runtime = createFakeRuntime({ now: 0, seed: 1 });
 * const slept = runtime.sleep(5_000);
 * await runtime.advance(5_000);
 * await slept;
 * ```
 */
export function createFakeRuntime(options: FakeRuntimeOptions = {}): FakeRuntime {
  const start = options.now ?? 1_700_000_000_000;
  const random = createRandom(options.seed ?? 1);
  const timers = new Set<PendingTimer>();
  let elapsed = 0;
  let order = 0;

  function setTimer(milliseconds: number, callback: () => void): Timer {
    const timer: PendingTimer = { at: elapsed + Math.max(0, milliseconds), order: (order += 1), callback };
    timers.add(timer);
    return { cancel: () => void timers.delete(timer) };
  }

  function nextDue(until: number): PendingTimer | undefined {
    let next: PendingTimer | undefined;
    for (const timer of timers) {
      if (timer.at > until) continue;
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    return next;
  }

  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    random,
    uuid: () => formatUuid(random),
    setTimer,
    sleep: (milliseconds, signal) => sleepWith(setTimer, milliseconds, signal),
    settle,
    get pendingTimers() {
      return timers.size;
    },
    async advance(milliseconds) {
      const until = elapsed + milliseconds;
      await settle();
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer);
        elapsed = timer.at;
        timer.callback();
        await settle();
      }
      elapsed = until;
    },
  };
}
