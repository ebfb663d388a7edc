import { renderArrowTable } from "./checks/arrow-table.ts";
import { generatedSection, type GeneratedFile } from "./library/generate.ts";

/** Everything `pnpm generate` writes and `pnpm check` compares. */
export const generatedFiles: readonly GeneratedFile[] = [
  generatedSection("CONTRIBUTING.md", "arrows", renderArrowTable),
];
