import { z } from "zod";
import type { Child, Usage } from "../library/child.ts";
import { throughputSchema, type Target } from "../library/target.ts";

export interface LongAnswerResult {
  readonly name: string;
  /** Bytes the client received. */
  readonly bytes: number;
  /** Resident bytes of the router before the long answer, after some of a tenth of its length. */
  readonly idleRss: number;
  /** Largest resident bytes while answers of a tenth of the length passed. */
  readonly smallPeakRss: number;
  /** Largest resident bytes while the long answer passed. */
  readonly peakRss: number;
  /** JavaScript heap and buffers beyond the idle process while the client does not read, after a garbage collection. */
  readonly heldBytes: number;
  /** Bytes of the upstream's answer that had left it when everything stood still, beyond what the client's reading accounts for. */
  readonly underWayBytes: number;
  readonly elapsedMs: number;
}

export interface LongAnswerOptions {
  readonly load: Child;
  /** The upstream; it counts what it has sent. */
  readonly replay: Child;
  readonly router: Child;
  readonly name: string;
  readonly small: Target;
  readonly huge: Target;
  /** Bytes of the huge answer as the upstream sends it. */
  readonly upstreamBytes: number;
}

const sampleMs = 50;
const smallAnswers = 4;
/** How long the client does not read, at least; until nothing moves any more. */
const holdMs = 1_500;

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const live = ({ heapUsed, external }: Usage) => heapUsed + external;

/** Reads an answer to its end and looks at the router meanwhile; `during` may do more, until `isOver` says true. */
async function drainWatched(
  { load, router }: LongAnswerOptions,
  target: Target,
  during: (isOver: () => boolean) => Promise<void> = () => Promise.resolve(),
): Promise<{ peakRss: number; bytes: number; elapsedMs: number }> {
  const state = { isOver: false };
  const watch = async () => {
    let peakRss = 0;
    while (!state.isOver) {
      peakRss = Math.max(peakRss, (await router.usage()).rss);
      await pause(sampleMs);
    }
    return peakRss;
  };
  const read = async () => {
    try {
      return await load.ask(throughputSchema, "drain", target);
    } finally {
      state.isOver = true;
    }
  };
  const [{ bytes, elapsedMs }, peakRss] = await Promise.all([read(), watch(), during(() => state.isOver)]);
  return { peakRss, bytes, elapsedMs };
}

/**
 * One answer of tens of megabytes through the router, whose memory is looked at while it passes. In the middle the client
 * stops reading: then the router has to stop as well, and the upstream behind it.
 */
export async function measureLongAnswer(options: LongAnswerOptions): Promise<LongAnswerResult> {
  const { load, replay, router, name, small, huge, upstreamBytes } = options;
  let smallPeakRss = 0;
  for (let count = 0; count < smallAnswers; count += 1) {
    smallPeakRss = Math.max(smallPeakRss, (await drainWatched(options, small)).peakRss);
  }
  const idle = await router.usage("collect");
  const sentBefore = await replay.ask(z.number(), "sent");
  let heldBytes = 0;
  let sentAtHold = 0;
  let receivedAtHold = 0;
  const whole = await drainWatched(options, huge, async (isOver) => {
    while (!isOver() && (await replay.ask(z.number(), "sent")) - sentBefore < upstreamBytes / 2) await pause(10);
    await load.ask(z.null(), "hold");
    await pause(holdMs);
    sentAtHold = (await replay.ask(z.number(), "sent")) - sentBefore;
    receivedAtHold = await load.ask(z.number(), "received");
    heldBytes = live(await router.usage("collect")) - live(idle);
    await load.ask(z.null(), "release");
  });
  return {
    name,
    bytes: whole.bytes,
    idleRss: idle.rss,
    smallPeakRss,
    peakRss: whole.peakRss,
    heldBytes,
    underWayBytes: sentAtHold - (receivedAtHold / whole.bytes) * upstreamBytes,
    elapsedMs: whole.elapsedMs,
  };
}
