import { z } from "zod";
import { startChild } from "../library/child.ts";

const resultSchema = z.object({
  turns: z.number(),
  items: z.number(),
  bytes: z.number(),
  /** Of CPU time, for one request with this history. */
  milliseconds: z.number(),
  /** Of which SHA-256 alone takes so much on as many bytes. */
  hashMilliseconds: z.number(),
});
export type HashingResult = z.infer<typeof resultSchema>;

/** Turns of 400 KB and of 4 MB of history. */
const pastTurns = [28, 280];
const measureMs = 1_000;

/** What recognising a conversation costs, by the length of its history. */
export async function measureHashing(): Promise<HashingResult[]> {
  const process = startChild({ name: "hashing", program: "bench/processes/hashing.ts" });
  const results = await process.ask(z.array(resultSchema), "measure", { pastTurns, milliseconds: measureMs });
  await process.stop();
  return results;
}

/** Milliseconds for each megabyte of history. */
export function msPerMegabyte({ bytes, milliseconds }: HashingResult): number {
  return milliseconds / (bytes / 1_000_000);
}
