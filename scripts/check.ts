/**
 * `pnpm check`: everything a reviewer would run, one line each; of failing steps, what they said.
 *
 *     pnpm check                      all
 *     pnpm check --only=arrows,lint   some, with the steps they need
 *     pnpm check --list               what there is
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { checks } from "./checks/index.ts";
import { runChecks, selectChecks } from "./library/run-checks.ts";

const root = path.resolve(import.meta.dirname, "..");
const { values } = parseArgs({ options: { only: { type: "string" }, list: { type: "boolean", default: false } } });

if (values.list) {
  for (const check of checks) console.log(`${check.name.padEnd(14)} ${check.title}`);
} else {
  const selected = selectChecks(checks, values.only?.split(","));
  const passed = await runChecks(selected, root, (line) => console.log(line));
  process.exitCode = passed ? 0 : 1;
}
