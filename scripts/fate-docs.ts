import type { WireFormat } from "@turnout/core";
import type { Fate, FieldFates } from "../packages/translator/src/fates/fate-table.ts";
import { fatesByFormat, type FormatFates } from "../packages/translator/src/fates/index.ts";

/** The formats in the order of every table, with their names for people. */
const names: readonly (readonly [WireFormat, string])[] = [
  ["openai-chat", "Chat Completions"],
  ["openai-responses", "Responses"],
  ["anthropic-messages", "Anthropic Messages"],
  ["gemini", "Gemini"],
];

/** Formats whose fates have a page. */
export const documentedFormats: readonly WireFormat[] = names.map(([wire]) => wire);

function nameOf(wire: WireFormat): string {
  return names.find(([name]) => name === wire)?.[1] ?? wire;
}

function cell(fate: Fate | undefined): string {
  if (fate === undefined) return "";
  switch (fate.kind) {
    case "renamed":
      return `→ \`${fate.path}\``;
    case "reworded":
      return `as \`${fate.path}\``;
    default:
      return fate.kind;
  }
}

function table(rows: readonly FieldFates[], targets: readonly WireFormat[]): string[] {
  return [
    `| Field | ${targets.map(nameOf).join(" | ")} | Why |`,
    `|---|${targets.map(() => "---|").join("")}---|`,
    ...rows.map(({ field, fates, note }) => {
      const cells = targets.map((target) => cell(fates.get(target)));
      return `| \`${field}\` | ${cells.join(" | ")} | ${note} |`;
    }),
  ];
}

/** `docs/translation/<format>.md`. */
export function renderFates(wire: WireFormat): string {
  const { requests, answers } = fatesByFormat[wire];
  const targets = documentedFormats.filter((target) => target !== wire);
  return [
    `# ${nameOf(wire)}: what becomes of every field`,
    "",
    "In its own format every field comes back as it was. In the others it is **kept** under the same path, stands under another",
    "one (→), is said in that format's own words (as), is **approximated** or **dropped** (both named in the report), **refused**",
    "(400 with the path of the field), or **needless**: nothing the other side could miss. Fields nobody has told us of are dropped",
    "and named. Models differ: this is for the newest that take most. Written by `pnpm generate` from `packages/translator/src/fates`.",
    "",
    "## Requests",
    "",
    ...table(requests, targets),
    "",
    "## Answers",
    "",
    ...table(answers, targets),
    "",
  ].join("\n");
}

function count(rows: readonly FieldFates[], target: WireFormat): string {
  const kinds = rows.map(({ fates }) => fates.get(target)?.kind);
  const number = (...wanted: readonly Fate["kind"][]) =>
    kinds.filter((kind) => kind !== undefined && wanted.includes(kind)).length;
  const carried = number("kept", "renamed", "reworded", "needless");
  return `${carried} + ${number("approximated")} of ${kinds.length}`;
}

/** For the translator's README: how many fields of each format go on in each other one. */
export function renderFateMatrix(): string {
  const rows = (kind: keyof FormatFates) =>
    names.map(([from, name]) => {
      const cells = names.map(([to]) => (from === to ? "all" : count(fatesByFormat[from][kind], to)));
      return `| [${name}](../../docs/translation/${from}.md) | ${cells.join(" | ")} |`;
    });
  const head = (title: string) => [
    `| ${title} | ${names.map(([, name]) => name).join(" | ")} |`,
    "|---|---|---|---|---|",
  ];
  return [...head("Requests from, to"), ...rows("requests"), "", ...head("Answers from, to"), ...rows("answers")].join(
    "\n",
  );
}
