import { readFileSync } from "node:fs";
import path from "node:path";

import type { WireFormat } from "@turnout/core";
import { describe, expect, test } from "vitest";

import type { Fate } from "../src/fates/fate-table.ts";
import { fatesByFormat } from "../src/fates/index.ts";
import { samples } from "./fates/samples.ts";
import { answersBetween, has, type Outcome, probe, requestsBetween, speaksOf } from "./fates/probe.ts";
import { fieldsOf } from "./fates/schema-fields.ts";
import { answerSchemas, elsewhere, requestSchemas } from "./fates/schemas.ts";

// Every field has a declared fate in each other format (`src/fates`), and what is declared is what happens.

const wires = ["openai-chat", "openai-responses", "anthropic-messages", "gemini"] as const satisfies WireFormat[];
const kinds = ["requests", "answers"] as const;

const cases = wires.flatMap((from) => kinds.map((kind) => ({ from, kind, table: fatesByFormat[from][kind] })));

describe.for(cases)("$kind of $from", ({ from, kind, table }) => {
  const known = fieldsOf((kind === "requests" ? requestSchemas : answerSchemas)[from]);
  const documents = samples[from][kind];

  test("every field a schema knows has its fates", () => {
    const declared = table.map(({ field }) => field);
    // A field with fates for what is inside it is spoken for, and so is what lies inside free JSON.
    const isDeclared = (field: string): boolean =>
      declared.some(
        (name) =>
          name === field || [".", "["].some((mark) => name.startsWith(field + mark) || field.startsWith(name + mark)),
      );
    expect(known.filter((field) => !isDeclared(field) && !elsewhere.some((pattern) => pattern.test(field)))).toEqual(
      [],
    );
  });

  test("every field with fates is one that a schema knows or a sample has, and is declared once", () => {
    const fields = table.map(({ field }) => field);
    expect(fields.filter((field) => !documents.some((document) => has(document, field)))).toEqual([]);
    expect(fields.filter((field, index) => fields.indexOf(field) !== index)).toEqual([]);
  });

  test("what is not simply kept or said elsewhere has a reason", () => {
    const needy = new Set<Fate["kind"]>(["approximated", "dropped", "refused", "needless"]);
    const bare = table.filter(
      ({ fates, note }) => note === "" && [...fates.values()].some(({ kind: fate }) => needy.has(fate)),
    );
    expect(bare.map(({ field }) => field)).toEqual([]);
  });

  const rows = table.flatMap(({ field, fates }) =>
    [...fates].map(([to, fate]) => ({ field, to, fate, said: [fate.kind, fate.path].filter(Boolean).join(" ") })),
  );
  test.for(rows)("$field in $to is $said", ({ field, to, fate }) => {
    const translate = kind === "requests" ? requestsBetween(from, to) : answersBetween(from, to);
    const outcome = probe(documents, field, translate);
    expect(outcome).toBeDefined();
    if (outcome === undefined) return;
    expectFate(outcome, fate, field);
    // Fields that are refused together, as a switch and its number, are named by one of them.
    const refused = rows.filter((row) => row.to === to && row.fate.kind === "refused").map((row) => row.field);
    if (outcome.refused !== undefined)
      expect(
        refused.some((name) => speaksOf(outcome.refused ?? "", name) || name.startsWith(`${outcome.refused}.`)),
      ).toBe(true);
  });
});

function expectFate(outcome: Outcome, fate: Fate, field: string): void {
  const { carried, changed, approximated, dropped, refused } = outcome;
  const isLost = dropped.some((loss) => loss === field);
  switch (fate.kind) {
    case "kept":
      expect(carried).toContain(field);
      expect(isLost, "also reported as dropped").toBe(false);
      break;
    case "renamed":
      expect(carried).toContain(fate.path);
      expect(isLost, "also reported as dropped").toBe(false);
      break;
    case "reworded":
      expect(changed).toContain(fate.path);
      expect(isLost, "also reported as dropped").toBe(false);
      break;
    case "approximated":
      expect(approximated).not.toEqual([]);
      break;
    case "dropped":
      expect(carried).toEqual([]);
      expect(dropped).not.toEqual([]);
      break;
    case "refused":
      expect(refused).toBeDefined();
      break;
    case "needless":
      expect({ carried, changed, approximated, dropped, refused }).toEqual({
        carried: [],
        changed: [],
        approximated: [],
        dropped: [],
        refused: undefined,
      });
      break;
  }
}

test("the tables are written for people: no line is wrapped", () => {
  for (const wire of wires) {
    const text = readFileSync(path.join(import.meta.dirname, `../src/fates/${wire}.ts`), "utf8");
    expect(text.split("\n").filter((line) => line.includes(" | ")).length).toBe(
      fatesByFormat[wire].requests.length + fatesByFormat[wire].answers.length,
    );
  }
});
