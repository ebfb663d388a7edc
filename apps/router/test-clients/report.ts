import type { CaseResult } from "./run-case.ts";

/** One client, format and upstream, and what came of it. */
export interface ResultRow extends Partial<CaseResult> {
  readonly client: string;
  readonly version: string;
  readonly wire: string;
  /** What sets the way it asked apart from its ordinary one. */
  readonly label?: string;
  readonly upstream: string;
  readonly status: "passed" | "failed" | "not available";
  /** Why it failed, or is not available. */
  readonly problems: readonly string[];
  /** Why it had to be tried again. */
  readonly firstTry?: readonly string[];
}

const marks = { passed: "ok  ", failed: "FAIL", "not available": "skip" } as const;

/** A line for a case that has just ended, and lines for what went wrong. */
export function renderLine(row: ResultRow): string {
  const time = row.milliseconds === undefined ? "" : `${(row.milliseconds / 1_000).toFixed(1)} s`;
  const title = `${row.client} ${row.version}`.padEnd(22);
  const line =
    `${marks[row.status]}  ${title} ${spoken(row).padEnd(42)} -> ${row.upstream.padEnd(18)} ${time}`.trimEnd();
  const note = row.oneTurn === undefined ? [] : [`      one turn: ${row.oneTurn}`];
  const again = (row.firstTry ?? []).map((problem) => `      first try: ${problem}`);
  return [line, ...note, ...again, ...row.problems.map((problem) => `      ${problem}`)].join("\n");
}

/** A Markdown table: a row for each client and format, a column for each upstream. */
export function renderTable(rows: readonly ResultRow[]): string {
  const upstreams = [...new Set(rows.map((row) => row.upstream))];
  const titles = [...new Set(rows.map(titleOf))];
  const lines = titles.map((title) => {
    const cells = upstreams.map((upstream) => {
      const row = rows.find((candidate) => titleOf(candidate) === title && candidate.upstream === upstream);
      return row === undefined ? "" : cellOf(row);
    });
    return `| ${[title, ...cells].join(" | ")} |`;
  });
  return [
    `| ${["client | speaks", ...upstreams].join(" | ")} |`,
    `|${" --- |".repeat(upstreams.length + 2)}`,
    ...lines,
  ].join("\n");
}

function cellOf({ status, problems, oneTurn }: ResultRow): string {
  if (status === "not available") return `not available: ${problems.join("; ")}`;
  return oneTurn === undefined ? status : `${status}, one turn: ${oneTurn}`;
}

function titleOf(row: ResultRow): string {
  return `${row.client} ${row.version} | ${spoken(row)}`;
}

function spoken({ wire, label }: ResultRow): string {
  return label === undefined ? wire : `${wire}, ${label}`;
}

/** What the README tells of a row: nothing of the machine it came from. */
export function publicRow(row: ResultRow): ResultRow {
  const { client, version, wire, label, upstream, status, problems, oneTurn } = row;
  return {
    client,
    version,
    wire,
    ...(label !== undefined && { label }),
    upstream,
    status,
    problems,
    ...(oneTurn !== undefined && { oneTurn }),
  };
}
