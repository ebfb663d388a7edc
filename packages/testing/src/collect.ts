import type { WireEvent, WireResponse } from "@turnout/core";

/** What came out of an iteration: the batches before its end or its failure. */
export interface CollectedEvents {
  readonly batches: readonly (readonly WireEvent[])[];
  readonly events: readonly WireEvent[];
  /** undefined after a clean end. */
  readonly error: unknown;
}

/**
 * Reads a stream to its end, keeping what came before a failure.
 *
 * @throws {TypeError} when the response is a document.
 */
export async function collectEvents(response: WireResponse): Promise<CollectedEvents> {
  if (response.kind !== "stream") throw new TypeError("Cannot collect events: the response is a document");
  const batches: (readonly WireEvent[])[] = [];
  let failure: unknown;
  try {
    for await (const batch of response.events) batches.push(batch);
  } catch (error) {
    failure = error;
  }
  return { batches, events: batches.flat(), error: failure };
}
