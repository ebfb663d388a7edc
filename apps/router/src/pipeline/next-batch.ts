import type { WireEvent } from "@turnout/core";
import type { DecodedExchange } from "./exchange.ts";
import type { Road } from "./road.ts";

/**
 * The upstream's next batch. A connection that breaks after the answer was complete is no failure: what is missing is only
 * the mark of its end (translation.md 4.6), so the road is ended and undefined returned.
 *
 * @param out - Receives what the road says at its end.
 * @throws {RouterError} what broke the stream, when the answer was not complete.
 */
export async function nextBatch(
  exchange: DecodedExchange,
  road: Road,
  batches: AsyncIterator<readonly WireEvent[]>,
  out: WireEvent[],
): Promise<IteratorResult<readonly WireEvent[]> | undefined> {
  try {
    return await batches.next();
  } catch (error) {
    if (exchange.signal.aborted || !isComplete(road, out)) throw error;
    return undefined;
  }
}

function isComplete(road: Road, out: WireEvent[]): boolean {
  try {
    road.end(out);
    return true;
  } catch {
    // The road says that the end is missing, which is what the broken connection said better.
    return false;
  }
}
