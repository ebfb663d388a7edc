import { z } from "zod";

/** An answer of the replay: what is written at once, in turn. */
export const replayAnswerSchema = z.object({
  /** A part of the path of the requests it is for. */
  path: z.string(),
  /** What their bodies hold. */
  mark: z.string(),
  head: z.array(z.string()),
  middle: z.array(z.string()),
  tail: z.array(z.string()),
  /** How often the middle is written. */
  repeat: z.int().positive(),
});

export type ReplayAnswer = z.infer<typeof replayAnswerSchema>;
