import { stripVTControlCharacters } from "node:util";
import type { Terminal } from "./terminal.ts";

const characters = new Intl.Segmenter();

/** Characters as people count them: an accent or an emoji of several parts is one. */
function widthOf(text: string): number {
  return Array.from(characters.segment(stripVTControlCharacters(text))).length;
}

/** Control characters could move the cursor of a terminal: a label comes from an upstream. Colours are ours and stay. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}/gu, " ");
}

/** Lines of columns, as wide as they must be; the last one is not filled up. */
export function renderTable(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell + " ".repeat((widths[index] ?? 0) - widthOf(cell))))
      .join("  ")
      .trimEnd(),
  );
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
] as const;

/** A length of time in its two largest units, for example `3h 20m`. */
export function renderDuration(milliseconds: number): string {
  if (milliseconds < 60_000) return `${Math.max(0, Math.ceil(milliseconds / 1000))}s`;
  const first = units.findIndex(([, length]) => milliseconds >= length);
  const [name, length] = units[first] ?? units[2];
  const next = units[first + 1];
  const whole = `${Math.floor(milliseconds / length)}${name}`;
  const left = next === undefined ? 0 : Math.floor((milliseconds % length) / next[1]);
  return left === 0 || next === undefined ? whole : `${whole} ${left}${next[0]}`;
}

/** A length of time as a clock counts it down, for example `14:07`. */
export function renderClock(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Prints a table whose first row are its headings. */
export function printTable(terminal: Terminal, rows: readonly (readonly string[])[]): void {
  const [headings = "", ...lines] = renderTable(rows);
  terminal.print(terminal.colour("bold", headings));
  for (const line of lines) terminal.print(line);
}
