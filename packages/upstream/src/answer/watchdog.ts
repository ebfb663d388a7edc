import type { Runtime, Timer } from "@turnout/core";

/** Calls back when nothing has been heard for too long. Touching it costs no timer. */
export interface Watchdog {
  /** Starts to wait, from now on, for at most `limitMs`. Replaces an earlier limit. */
  arm(limitMs: number): void;
  /** Something was heard. */
  touch(): void;
  /** Silence is our own wish for now: it does not count until `resume`. */
  pause(): void;
  resume(): void;
  stop(): void;
}

export function createWatchdog(runtime: Runtime, onSilence: (limitMs: number) => void): Watchdog {
  let timer: Timer | undefined;
  let limit = 0;
  let heardAt = 0;
  let isPaused = false;

  function schedule(milliseconds: number): void {
    timer = runtime.setTimer(milliseconds, check);
  }

  function check(): void {
    timer = undefined;
    if (isPaused) return;
    const rest = heardAt + limit - runtime.monotonic();
    if (rest > 0) schedule(rest);
    else onSilence(limit);
  }

  function stop(): void {
    timer?.cancel();
    timer = undefined;
  }

  return {
    arm: (limitMs) => {
      stop();
      limit = limitMs;
      heardAt = runtime.monotonic();
      isPaused = false;
      schedule(limitMs);
    },
    touch: () => {
      heardAt = runtime.monotonic();
    },
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
      heardAt = runtime.monotonic();
      if (timer === undefined) schedule(limit);
    },
    stop,
  };
}
