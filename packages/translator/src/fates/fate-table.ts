import type { WireFormat } from "@turnout/core";

/**
 * What becomes of one field in another format.
 *
 * - `kept`: stands there under the same path
 * - `renamed`: stands there under `path`
 * - `reworded`: said in that format's own words at `path`
 * - `approximated`: carried as far as it goes; the report names it
 * - `dropped`: left out; the report names it
 * - `refused`: the request is refused with the path of the field
 * - `needless`: nothing that the other side could miss, so no report names it
 */
export interface Fate {
  readonly kind: "kept" | "renamed" | "reworded" | "approximated" | "dropped" | "refused" | "needless";
  /** Of `renamed` and `reworded`. */
  readonly path?: string;
}

/** The fates of one field. In its own format every field comes back as it was. */
export interface FieldFates {
  /** With `[]` for any place in a list. */
  readonly field: string;
  readonly fates: ReadonlyMap<WireFormat, Fate>;
  /** Why, where a word is not enough. */
  readonly note: string;
}

const words: ReadonlySet<string> = new Set(["kept", "approximated", "dropped", "refused", "needless"]);

function isWord(text: string): text is "kept" | "approximated" | "dropped" | "refused" | "needless" {
  return words.has(text);
}

function readFate(cell: string): Fate {
  if (isWord(cell)) return { kind: cell };
  const [mark, path] = cell.split(" ");
  if (path !== undefined && (mark === "->" || mark === "as"))
    return { kind: mark === "->" ? "renamed" : "reworded", path };
  throw new Error(`Cannot read fate "${cell}": expected a word, \`-> path\` or \`as path\``);
}

/**
 * Reads a table that was written for people: a line per field, cells parted by ` | `, a fate for each of `targets`, and a
 * note.
 *
 * @throws {Error} when a line is not such a row.
 */
export function readFates(targets: readonly WireFormat[], table: string): readonly FieldFates[] {
  const lines = table.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const [field = "", ...cells] = line.split(" | ").map((cell) => cell.trim());
    if (cells.length !== targets.length + 1)
      throw new Error(`Cannot read row "${line}": it has not ${targets.length} fates and a note`);
    const fates = new Map(targets.map((target, index) => [target, readFate(cells[index] ?? "")]));
    return { field, fates, note: cells.at(-1) ?? "" };
  });
}
