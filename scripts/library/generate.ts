import { existsSync } from "node:fs";
import path from "node:path";
import { readText } from "./workspace.ts";

/** A file that is written by `pnpm generate`, whole or in part. */
export interface GeneratedFile {
  /** Relative to the root, with slashes. */
  readonly path: string;
  /**
   * @param current - What the file says now; empty when there is none.
   * @returns What it shall say.
   */
  render(current: string): string;
}

/**
 * A part of a Markdown file, between `<!-- generated:NAME -->` and `<!-- /generated:NAME -->`, a line each.
 *
 * @param body - The text between the marks.
 */
export function generatedSection(file: string, name: string, body: () => string): GeneratedFile {
  const opening = `<!-- generated:${name} -->\n`;
  const closing = `<!-- /generated:${name} -->`;
  return {
    path: file,
    render(current) {
      const start = current.indexOf(opening);
      const end = current.indexOf(closing, start);
      if (start < 0 || end < 0)
        throw new Error(`Cannot write a part of ${file}: it lacks ${opening.trim()} and ${closing}`);
      return `${current.slice(0, start)}${opening}\n${body().trim()}\n\n${current.slice(end)}`;
    },
  };
}

/** Renders all files in memory; several may be parts of the same one. Returns those that differ from what is there. */
export function renderStale(root: string, targets: readonly GeneratedFile[]): ReadonlyMap<string, string> {
  const before = new Map<string, string>();
  const after = new Map<string, string>();
  for (const target of targets) {
    if (!before.has(target.path)) {
      before.set(target.path, existsSync(path.join(root, target.path)) ? readText(root, target.path) : "");
    }
    after.set(target.path, target.render(after.get(target.path) ?? before.get(target.path) ?? ""));
  }
  return new Map([...after].filter(([file, text]) => text !== before.get(file)));
}
