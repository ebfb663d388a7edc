import { z } from "zod";

const lineSchema = z.object({ sentBytes: z.number(), fullBytes: z.number(), difference: z.string().optional() });

/** What the router's log says of one request: bytes sent, bytes it would have taken in full, and what kept it from being less. */
export type LoggedTraffic = z.infer<typeof lineSchema>;

/** Reads the lines of a router's log that tell of traffic; the others are passed over. */
export function readTraffic(log: string): LoggedTraffic[] {
  return log.split("\n").flatMap((line) => {
    if (!line.includes('"sentBytes"')) return [];
    const parsed = lineSchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  });
}
