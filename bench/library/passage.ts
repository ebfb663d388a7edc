import { z } from "zod";

export const passageSchema = z.object({
  /** From the client to the upstream, or back. */
  toUpstream: z.boolean(),
  bytes: z.number(),
  /** As `performance.now()` counts in the process that noted it. */
  at: z.number(),
});

/** Some bytes that passed by, in clear. */
export type Passage = z.infer<typeof passageSchema>;

/** Share of what the client sent in a turn after which its request has arrived. What follows are goodbyes. */
const requestShare = 0.9;

/** Milliseconds an upstream took of one turn: everything it says ends a time in which it was waited for. */
export interface UpstreamTime {
  /** Until its first word in answer to the request; a handshake before it included. */
  readonly firstMs: number;
  readonly wholeMs: number;
}

/** Reads off how long the upstream itself took of one turn. */
export function upstreamTime(passages: readonly Passage[]): UpstreamTime {
  const requestBytes = passages.reduce((sum, { toUpstream, bytes }) => sum + (toUpstream ? bytes : 0), 0);
  let sent = 0;
  let wholeMs = 0;
  let firstMs: number | undefined;
  for (const [index, { toUpstream, bytes, at }] of passages.entries()) {
    if (toUpstream) {
      sent += bytes;
      continue;
    }
    wholeMs += at - (passages[index - 1]?.at ?? at);
    if (firstMs === undefined && sent >= requestBytes * requestShare) firstMs = wholeMs;
  }
  return { firstMs: firstMs ?? wholeMs, wholeMs };
}
