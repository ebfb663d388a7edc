/** Answers in flight, so that they can be counted and stopped. */
export interface StreamSet {
  readonly size: number;
  /** Returns a handle for `delete`. */
  add(cancel: () => void): symbol;
  delete(handle: symbol): void;
  /** Stops all of them. */
  cancelAll(): void;
}

export function createStreamSet(): StreamSet {
  const cancels = new Map<symbol, () => void>();
  return {
    get size() {
      return cancels.size;
    },
    add(cancel) {
      const handle = Symbol("stream");
      cancels.set(handle, cancel);
      return handle;
    },
    delete: (handle) => void cancels.delete(handle),
    cancelAll() {
      for (const cancel of cancels.values()) cancel();
      cancels.clear();
    },
  };
}
