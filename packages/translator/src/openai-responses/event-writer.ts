import type { WireEvent } from "@turnout/core";

/** Writes numbered events. `sequence_number` counts every event of an answer from 0, without holes. */
export interface EventWriter {
  /** @param rest - Further fields as JSON text with a leading comma, or empty. */
  write(out: WireEvent[], type: string, rest: string): void;
}

/** A text as JSON. */
export const quote: (text: string) => string = JSON.stringify;

export function createEventWriter(): EventWriter {
  let sequence = 0;
  return {
    write(out, type, rest) {
      // Text is joined by hand: a delta is all that changes from event to event, and there are thousands.
      out.push({ type, data: `{"type":"${type}","sequence_number":${sequence}${rest}}` });
      sequence += 1;
    },
  };
}
