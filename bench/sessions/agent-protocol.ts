import { z } from "zod";

export const agentOptionsSchema = z.object({
  language: z.enum(["responses", "chat"]),
  origin: z.string(),
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  model: z.string(),
  /** About so many bytes of instructions and tools. */
  equipmentBytes: z.int().positive(),
});

/** A conversation to have, and where. */
export type AgentOptions = z.infer<typeof agentOptionsSchema>;

export const turnResultSchema = z.object({
  /** Milliseconds from sending the request to the first event, and to the end of the answer. */
  firstEventMs: z.number(),
  turnMs: z.number(),
  /** Bytes of the request's body, and of the history in it. */
  requestBytes: z.number(),
  historyBytes: z.number(),
  /** `x-turnout-session` and `x-turnout-transport`, where there are any. */
  session: z.string().optional(),
  transport: z.string().optional(),
});
export type TurnResult = z.infer<typeof turnResultSchema>;
