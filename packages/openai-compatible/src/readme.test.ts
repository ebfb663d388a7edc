import { readFileSync } from "node:fs";
import { join } from "node:path";

import { optionTable } from "@turnout/testing";
import { expect, test } from "vitest";
import { z } from "zod";

import { chatDialectSchema, defaultChatDialect } from "./dialect.ts";
import { openaiCompatibleOptionsSchema } from "./options.ts";
import { chatPresetNames, chatPresets } from "./presets.ts";

const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");

test("the README has a row for every option, with its default and its description", () => {
  // The words of a dialect have a table of their own.
  const schema = z.toJSONSchema(openaiCompatibleOptionsSchema, { io: "input" });
  expect(readme).toContain(optionTable(schema, { isNested: false }));
});

test("the README has a row for every word of a dialect, with its default", () => {
  const defaults = new Map<string, unknown>(Object.entries(defaultChatDialect));
  const properties = Object.fromEntries(
    Object.entries(chatDialectSchema.shape).map(([name, schema]) => [
      name,
      { default: defaults.get(name), ...(schema.description === undefined ? {} : { description: schema.description }) },
    ]),
  );
  expect(readme).toContain(optionTable({ properties }));
});

test("the README has a row for every preset", () => {
  const rows = chatPresetNames.map((name) => {
    const { baseUrl, key } = chatPresets[name];
    return `| \`${name}\` | \`${baseUrl}\` | ${key === "none" ? "not needed" : "required"} |`;
  });
  expect(readme).toContain(rows.join("\n"));
});
