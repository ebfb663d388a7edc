export interface DelayLine<Item> {
  /** Delivers `item` at `dueAt` (as `performance.now()` counts), after all that were pushed before. */
  push(item: Item, dueAt: number): void;
}

/** A timer is good to a millisecond or two; what is left is waited for turn by turn of the event loop. */
const timerPrecisionMs = 2;

/** Keeps things back until they are due, in order, to a tenth of a millisecond on a machine that has time. */
export function createDelayLine<Item>(deliver: (item: Item) => void): DelayLine<Item> {
  const waiting: { readonly item: Item; readonly dueAt: number }[] = [];
  let lastDueAt = 0;

  function wait(): void {
    const next = waiting[0];
    if (next === undefined) return;
    const remainingMs = next.dueAt - performance.now();
    if (remainingMs > timerPrecisionMs) setTimeout(run, Math.floor(remainingMs - 1));
    else setImmediate(run);
  }

  function run(): void {
    let next = waiting[0];
    while (next !== undefined && next.dueAt <= performance.now()) {
      waiting.shift();
      deliver(next.item);
      next = waiting[0];
    }
    wait();
  }

  return {
    push(item, dueAt) {
      lastDueAt = Math.max(lastDueAt, dueAt);
      waiting.push({ item, dueAt: lastDueAt });
      if (waiting.length === 1) wait();
    },
  };
}
