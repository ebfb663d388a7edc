/** Who may import whom: one row of the house plan. */
export interface ArrowRow {
  /** Packages of this workspace, without `@turnout/`, that its sources may import. Order: from the ground up. */
  readonly imports: readonly string[];
  /** Packages from outside it may use; absent: whatever its manifest lists. */
  readonly outside?: readonly string[];
  /** Only language and its own imports: no `node:` modules, no `process`, no `Buffer`. */
  readonly pure?: boolean;
}

/** The executors that ship with the router. */
const builtIn = ["anthropic", "codex-http", "codex-ws", "gemini", "openai", "openai-compatible"];

const plumbing = ["core", "translator", "upstream"];

/** The arrows of the house. A folder of `packages/` that is not listed is a provider: see `providerRow`. */
export const arrowTable: Readonly<Record<string, ArrowRow>> = {
  core: { imports: [], outside: ["zod"], pure: true },
  translator: { imports: ["core"], outside: ["zod", "eventsource-parser"], pure: true },
  upstream: { imports: ["core", "translator"] },
  codex: { imports: plumbing },
  "codex-http": { imports: [...plumbing, "codex"] },
  "codex-ws": { imports: [...plumbing, "codex"] },
  auth: { imports: ["core"] },
  sandbox: { imports: ["core"] },
  testing: { imports: ["core", "sandbox"] },
  router: {
    imports: [...plumbing, "codex", ...builtIn, "auth", "sandbox"],
  },
};

/** A provider package that is new. */
export const providerRow: ArrowRow = { imports: plumbing };

/** What tests may import beside the row of their package. */
export const testImports: readonly string[] = ["testing", "sandbox"];

/** The executors that ship with the router, and the one file of its sources that may name them. */
export const builtInExecutors = {
  packages: builtIn,
  file: "apps/router/src/plugins.ts",
} as const;

/** The table as Markdown, for CONTRIBUTING.md. */
export function renderArrowTable(): string {
  const list = (names: readonly string[]) =>
    names.length === 0 ? "nothing" : names.map((name) => `\`${name}\``).join(", ");
  const outside = (row: ArrowRow) => (row.outside === undefined ? "what its manifest lists" : list(row.outside));
  const row = (name: string, cells: ArrowRow) => `| ${name} | ${list(cells.imports)} | ${outside(cells)} |`;
  return [
    "| room | may import | from outside |",
    "| --- | --- | --- |",
    ...Object.entries(arrowTable).map(([name, cells]) => row(`\`${name}\``, cells)),
    row("a new provider", providerRow),
  ].join("\n");
}
