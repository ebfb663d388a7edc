import { readFileSync } from "node:fs";
import { join } from "node:path";

import { optionTable } from "@turnout/testing";
import { expect, test } from "vitest";
import { z } from "zod";

import { codexOptionsSchema } from "./options.ts";

const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");

test("the README has a row for every option, with its default and its description", () => {
  expect(readme).toContain(optionTable(z.toJSONSchema(codexOptionsSchema, { io: "input" })));
});
