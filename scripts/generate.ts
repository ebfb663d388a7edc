/**
 * `pnpm generate`: writes what is generated from sources. `--check` writes nothing and fails when a file is stale.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { generatedFiles } from "./generated-files.ts";
import { renderStale } from "./library/generate.ts";

const root = path.resolve(import.meta.dirname, "..");
const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });

for (const [file, text] of renderStale(root, generatedFiles)) {
  if (values.check) {
    console.log(`${file}: is stale; run \`pnpm generate\``);
    process.exitCode = 1;
  } else {
    writeFileSync(path.join(root, file), text);
    console.log(`${file}: written`);
  }
}
