import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";

/** Passed and all scenarios of one SDK against one upstream language. */
const resultSchema = z.strictObject({
  client: z.string(),
  sdk: z.string(),
  upstream: z.string(),
  passed: z.int(),
  scenarios: z.int(),
});

export type MatrixResult = z.output<typeof resultSchema>;

/** The results the README's table is generated from. */
const file = resolve(import.meta.dirname, "../../../../docs/sdk-matrix.json");

export function readMatrix(): MatrixResult[] {
  return z.array(resultSchema).parse(JSON.parse(readFileSync(file, "utf8")));
}

export function writeMatrix(results: readonly MatrixResult[]): void {
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}
