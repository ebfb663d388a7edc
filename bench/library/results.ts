import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "./child.ts";

/** Where everything measured goes. */
export const resultsFolder = path.join(root, "bench", "results");

/** Keeps what was measured as `<name>.json` and its report as `<name>.md`, and prints the report. */
export function keepResults(name: string, measured: object, markdown: string): void {
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(path.join(resultsFolder, `${name}.json`), `${JSON.stringify(measured, undefined, 2)}\n`);
  writeFileSync(path.join(resultsFolder, `${name}.md`), markdown);
  console.log(markdown);
}
