import { renderArrowTable } from "./checks/arrow-table.ts";
import { renderConfigJsonSchema, renderConfigTable } from "./config-docs.ts";
import { generatedSection, type GeneratedFile } from "./library/generate.ts";

/** Everything `pnpm generate` writes and `pnpm check` compares. */
export const generatedFiles: readonly GeneratedFile[] = [
  generatedSection("CONTRIBUTING.md", "arrows", renderArrowTable),
  generatedSection("README.md", "config", renderConfigTable),
  { path: "apps/router/turnout.schema.json", render: renderConfigJsonSchema },
];
