import { wireFormats } from "@turnout/core";
import { z } from "zod";

/** A client: one of the four languages over HTTP, or Responses over a WebSocket. */
export const soakClients = [...wireFormats, "websocket"] as const;
export type SoakClient = (typeof soakClients)[number];

/**
 * What became of requests:
 *
 * - `right`: exactly the answer that was due, with exactly one end
 * - `failed`: an error in the client's own words
 * - `cancelled`: the client went away on purpose
 * - `lost`: no end and no error, or the connection broke
 * - `doubled`: the answer, or its end, more than once
 * - `wrong`: something else than what was due
 */
export const outcomes = ["right", "failed", "cancelled", "lost", "doubled", "wrong"] as const;
export type SoakOutcome = (typeof outcomes)[number];

/** A request that did not end well. */
const incidentSchema = z.object({
  mark: z.string(),
  client: z.string(),
  outcome: z.enum(outcomes),
  code: z.string().optional(),
  message: z.string(),
});
export type Incident = z.infer<typeof incidentSchema>;

/** Faults that struck one turn. */
export const struckSchema = z.array(z.object({ type: z.string(), mustRecover: z.boolean() }));

export const clientReportSchema = z.object({
  counts: z.record(z.enum(outcomes), z.number()),
  /** By client, and by the way an answer travelled: `websocket incremental`, `http`. */
  byClient: z.record(z.string(), z.number()),
  byWay: z.record(z.string(), z.number()),
  incidents: z.array(incidentSchema),
});
/** What the clients saw. */
export type ClientReport = z.infer<typeof clientReportSchema>;

export const upstreamReportSchema = z.object({
  /** Faults that struck, by type. */
  faults: z.record(z.string(), z.number()),
  /** Requests by what came of them. */
  outcomes: z.record(z.string(), z.number()),
  /** Requests that broke a rule of the upstream, other than by an anchor it had forgotten. */
  refusals: z.array(z.string()),
  /** Conversations that were looked at, and what was wrong with some. */
  histories: z.number(),
  historyFaults: z.array(z.string()),
  /** Sockets open at a time, for half a second at least; and at any moment, those included that were about to close. */
  mostSockets: z.number(),
  mostSocketsSeen: z.number(),
  openSockets: z.number(),
  openStreams: z.number(),
});
/** What the upstream saw. */
export type UpstreamReport = z.infer<typeof upstreamReportSchema>;
