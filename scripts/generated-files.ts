import { readFileSync } from "node:fs";
import path from "node:path";
import { renderArrowTable } from "./checks/arrow-table.ts";
import { renderClientTable } from "./client-docs.ts";
import { renderCommands } from "./command-docs.ts";
import { renderConfigJsonSchema, renderConfigTable } from "./config-docs.ts";
import { renderSdkMatrix } from "./sdk-matrix-table.ts";
import { documentedFormats, renderFateMatrix, renderFates } from "./fate-docs.ts";
import { generatedSection, type GeneratedFile } from "./library/generate.ts";
import { renderReportedBugs } from "./reported-bugs.ts";

/** A program in `examples/`, as the READMEs show it. */
function readExample(name: string): string {
  return readFileSync(path.join(import.meta.dirname, "../examples", name), "utf8");
}

const commands = await renderCommands();

/** Everything `pnpm generate` writes and `pnpm check` compares. */
export const generatedFiles: readonly GeneratedFile[] = [
  generatedSection("CONTRIBUTING.md", "arrows", renderArrowTable),
  generatedSection("README.md", "config", renderConfigTable),
  generatedSection("README.md", "first-request", () => `\`\`\`ts\n${readExample("first-request.ts")}\`\`\``),
  generatedSection("README.md", "sdk-matrix", renderSdkMatrix),
  generatedSection("apps/router/README.md", "commands", () => commands),
  generatedSection("apps/router/README.md", "clients", renderClientTable),
  { path: "apps/router/turnout.schema.json", render: renderConfigJsonSchema },
  generatedSection("packages/translator/README.md", "fates", renderFateMatrix),
  ...documentedFormats.map((wire) => ({ path: `docs/translation/${wire}.md`, render: () => renderFates(wire) })),
  { path: "docs/reported-bugs.md", render: () => renderReportedBugs(path.join(import.meta.dirname, "..")) },
];
