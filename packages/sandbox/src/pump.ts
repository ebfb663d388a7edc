import type { Runtime, Timer } from "@turnout/core";

/** What goes out in one write, after a wait. */
export interface Batch<T> {
  readonly delayMs: number;
  readonly content: T;
}

export interface PumpOptions<T> {
  readonly batches: readonly Batch<T>[];
  readonly runtime: Runtime;
  /** Returns false when the socket is full. */
  write(content: T): boolean;
  /** Calls back once the socket takes more. */
  onceDrained(callback: () => void): void;
  /** Called right after the last write, in the same turn: a client that is quick finds everything settled. */
  done(): void;
}

/** Writes batches in order with their waits and with back-pressure. Synchronous where nothing has to be waited for. */
export function startPump<T>({ batches, runtime, write, onceDrained, done }: PumpOptions<T>): { stop(): void } {
  let next = 0;
  let waited = -1;
  let stopped = false;
  let timer: Timer | undefined;

  function run(): void {
    while (!stopped) {
      const batch = batches[next];
      if (batch === undefined) {
        stopped = true;
        done();
        return;
      }
      if (batch.delayMs > 0 && waited !== next) {
        waited = next;
        timer = runtime.setTimer(batch.delayMs, run);
        return;
      }
      next += 1;
      if (!write(batch.content) && next < batches.length) {
        onceDrained(run);
        return;
      }
    }
  }

  run();
  return {
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

/** Groups what needs no wait in between, at most `size` in a batch. */
export function groupBatches<T extends { readonly delayMs: number }>(parts: readonly T[], size: number): Batch<T[]>[] {
  const batches: { delayMs: number; content: T[] }[] = [];
  for (const part of parts) {
    const last = batches.at(-1);
    if (last === undefined || part.delayMs > 0 || last.content.length >= size) {
      batches.push({ delayMs: part.delayMs, content: [part] });
    } else last.content.push(part);
  }
  return batches;
}
