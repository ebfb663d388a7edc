import { z } from "zod";

export const targetSchema = z.object({
  origin: z.string(),
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  /** What a whole answer ends with, or holds near its end. */
  ending: z.string(),
});

/** A request and where it goes. */
export type Target = z.infer<typeof targetSchema>;

export const throughputSchema = z.object({ requests: z.number(), bytes: z.number(), elapsedMs: z.number() });
export type Throughput = z.infer<typeof throughputSchema>;

export const answerSchema = z.object({
  status: z.number(),
  headers: z.record(z.string(), z.string()),
  text: z.string(),
});
export type Answer = z.infer<typeof answerSchema>;
