import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";
import { z } from "zod";

import { codexOptionsSchema } from "./options.ts";

const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");

const fieldSchema = z.looseObject({ default: z.union([z.string(), z.number()]).optional(), description: z.string() });

test("the README has a row for every option, with its default and its description", () => {
  const { properties } = z.toJSONSchema(codexOptionsSchema, { io: "input" });
  const rows = Object.entries(properties ?? {}).map(([name, value]) => {
    const field = fieldSchema.parse(value);
    const fallback = field.default === undefined ? "" : `\`${String(field.default)}\``;
    return `| \`${name}\` | ${fallback} | ${field.description.replaceAll("|", "\\|")} |`;
  });
  expect(readme).toContain(rows.join("\n"));
});
