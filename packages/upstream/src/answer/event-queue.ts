import type { WireEvent } from "@turnout/core";

/** What feeds an EventQueue: a socket that can be told to wait. */
export interface EventQueueSource {
  /** More is held than allowed: stop reading from the network. */
  pause(): void;
  /** All has been taken: read on. */
  resume(): void;
  /** The reader left before the end. */
  abandon(): void;
}

/** Between a socket that pushes and one reader that pulls. What arrives in one network read comes out as one batch. */
export interface EventQueue {
  push(event: WireEvent): void;
  /** Ends the iteration once all that was pushed has been taken. */
  end(): void;
  /** Throws `error` into the iteration once all that was pushed has been taken. */
  fail(error: Error): void;
  /** Can be iterated once. */
  readonly events: AsyncIterable<readonly WireEvent[]>;
}

/** What an event takes besides its text; measured with Node 20: object, two string headers, array slot. */
const eventOverheadBytes = 64;

type Step = IteratorResult<readonly WireEvent[], undefined>;

/**
 * An EventQueue.
 *
 * @param maxBufferedBytes - Above this many held bytes (counted as UTF-16 code units) the source is paused.
 */
export function createEventQueue(source: EventQueueSource, maxBufferedBytes: number): EventQueue {
  return new Queue(source, maxBufferedBytes);
}

// A class and not closures: there is one for every open stream.
class Queue implements EventQueue, AsyncIterable<readonly WireEvent[]>, AsyncIterator<readonly WireEvent[], undefined> {
  readonly #source: EventQueueSource;
  readonly #maxBufferedBytes: number;
  #held: WireEvent[] = [];
  #heldBytes = 0;
  #isPaused = false;
  #isOver = false;
  #error: Error | undefined;
  #isFlushing = false;
  #resolve: ((step: Step) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;

  constructor(source: EventQueueSource, maxBufferedBytes: number) {
    this.#source = source;
    this.#maxBufferedBytes = maxBufferedBytes;
  }

  get events(): AsyncIterable<readonly WireEvent[]> {
    return this;
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly WireEvent[], undefined> {
    return this;
  }

  push(event: WireEvent): void {
    if (this.#isOver) return;
    this.#held.push(event);
    this.#heldBytes += event.data.length + eventOverheadBytes;
    if (this.#heldBytes > this.#maxBufferedBytes && !this.#isPaused) {
      this.#isPaused = true;
      this.#source.pause();
    }
    this.#wake();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wake();
  }

  fail(error: Error): void {
    if (this.#isOver) return;
    this.#error = error;
    this.#isOver = true;
    this.#wake();
  }

  next(): Promise<Step> {
    if (this.#held.length > 0) return Promise.resolve(this.#take());
    if (this.#isOver) return this.#finish();
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  return(): Promise<Step> {
    const wasOver = this.#isOver;
    this.#isOver = true;
    this.#held = [];
    this.#error = undefined;
    if (!wasOver) this.#source.abandon();
    this.#wake();
    return Promise.resolve({ done: true, value: undefined });
  }

  // In a microtask: a socket hands over all messages of one read before microtasks run.
  #wake(): void {
    if (this.#isFlushing || this.#resolve === undefined) return;
    this.#isFlushing = true;
    queueMicrotask(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isFlushing = false;
    const resolve = this.#resolve;
    const reject = this.#reject;
    this.#resolve = undefined;
    this.#reject = undefined;
    if (this.#held.length > 0) resolve?.(this.#take());
    else if (this.#error === undefined) resolve?.({ done: true, value: undefined });
    else {
      const error = this.#error;
      this.#error = undefined;
      reject?.(error);
    }
  };

  #finish(): Promise<Step> {
    const error = this.#error;
    // Thrown once, as a generator does; later calls find the end.
    this.#error = undefined;
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  #take(): Step {
    const value = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    if (this.#isPaused) {
      this.#isPaused = false;
      if (!this.#isOver) this.#source.resume();
    }
    return { done: false, value };
  }
}
