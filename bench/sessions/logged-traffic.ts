import { z } from "zod";

const lineSchema = z.object({
  traffic: z.object({ sentBytes: z.number(), fullBytes: z.number(), difference: z.string().optional() }),
});

/** What the router's log says of one request: bytes sent, and bytes it would have taken in full. */
export type LoggedTraffic = z.infer<typeof lineSchema>["traffic"];

/** Reads the lines of a router's log that tell of traffic; the others are passed over. */
export function readTraffic(log: string): LoggedTraffic[] {
  return log.split("\n").flatMap((line) => {
    if (!line.includes('"traffic"')) return [];
    const parsed = lineSchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data.traffic] : [];
  });
}
