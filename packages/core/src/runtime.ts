/** A pending timer. */
export interface Timer {
  cancel(): void;
}

/** The world an executor lives in: time and randomness, so that tests need no sleeping. */
export interface Runtime {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that never run backwards, for durations. */
  monotonic(): number;
  /** 0 ≤ x < 1. */
  random(): number;
  /** A version 4 UUID. */
  uuid(): string;
  /** Calls back once after `milliseconds`. Does not keep the process alive by itself. */
  setTimer(milliseconds: number, callback: () => void): Timer;
  /**
   * Resolves after `milliseconds`.
   *
   * @throws The signal's reason when it is aborted first.
   */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** Sleeping in terms of `setTimer`, for every Runtime alike. */
export function sleepWith(
  setTimer: Runtime["setTimer"],
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = setTimer(milliseconds, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function setSystemTimer(milliseconds: number, callback: () => void): Timer {
  const handle = setTimeout(callback, milliseconds);
  handle.unref();
  return { cancel: () => clearTimeout(handle) };
}

/** The real world. The only place where clock, timers and randomness are touched. */
export const systemRuntime: Runtime = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  uuid: () => globalThis.crypto.randomUUID(),
  setTimer: setSystemTimer,
  sleep: (milliseconds, signal) => sleepWith(setSystemTimer, milliseconds, signal),
};

function setForegroundTimer(milliseconds: number, callback: () => void): Timer {
  const handle = setTimeout(callback, milliseconds);
  return { cancel: () => clearTimeout(handle) };
}

/** The real world for a command that does nothing but wait: its timers keep the process alive. A server has its sockets. */
export const foregroundRuntime: Runtime = {
  ...systemRuntime,
  setTimer: setForegroundTimer,
  sleep: (milliseconds, signal) => sleepWith(setForegroundTimer, milliseconds, signal),
};
