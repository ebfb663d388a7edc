/** Waits for a client that reads more slowly than it is written to. One promise for all who wait. */
export interface Drain {
  /** Somebody waits: the client has not yet taken what was written. */
  readonly isAwaited: boolean;
  /** Resolves with the next `wake`. */
  next(): Promise<void>;
  /** Lets everybody go: the client has caught up, or is gone. */
  wake(): void;
}

export function createDrain(): Drain {
  let drained: Promise<void> | undefined;
  let wakeWriters: (() => void) | undefined;
  return {
    get isAwaited() {
      return drained !== undefined;
    },
    next: () => {
      drained ??= new Promise((resolve) => {
        wakeWriters = resolve;
      });
      return drained;
    },
    wake: () => {
      wakeWriters?.();
      drained = undefined;
      wakeWriters = undefined;
    },
  };
}
