import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { renderTable } from "../apps/router/test-clients/report.ts";

const resultsSchema = z.object({
  date: z.string(),
  rows: z.array(
    z.object({
      client: z.string(),
      version: z.string(),
      wire: z.string(),
      label: z.string().exactOptional(),
      upstream: z.string(),
      status: z.enum(["passed", "failed", "not available"]),
      problems: z.array(z.string()),
      oneTurn: z.string().exactOptional(),
    }),
  ),
});

/** The table of real clients, from what `pnpm test:clients --write` last found. */
export function renderClientTable(): string {
  const file = path.join(import.meta.dirname, "../docs/clients.json");
  const { date, rows } = resultsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  return `Run of ${date}; a row is a client and the format it speaks, a column what the upstream speaks.\n\n${renderTable(rows)}`;
}
