/** A Markdown table; the first column is text, the others are numbers. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** `1234567.8` -> `1,234,568`; below 100 with `digits` decimals. */
export function formatNumber(value: number, digits = 2): string {
  return Math.abs(value) < 100 ? value.toFixed(digits) : Math.round(value).toLocaleString("en-US");
}
