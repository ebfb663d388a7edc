/** Joins calls: while one is under way, others get its result instead of starting their own. */
export function createSingleFlight<T>(): (work: () => Promise<T>) => Promise<T> {
  let flight: Promise<T> | undefined;
  return (work) => {
    flight ??= work().finally(() => {
      flight = undefined;
    });
    return flight;
  };
}

/**
 * Waits for shared work on behalf of one waiter, whose signal ends the waiting but not the work.
 *
 * @throws The signal's reason when it is aborted first.
 */
export function waitFor<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
