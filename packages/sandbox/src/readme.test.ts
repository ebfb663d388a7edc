import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { faultSchema, namedFaults, sandboxOptionsSchema } from "./index.ts";
import { stepSchema } from "./script/schema.ts";

const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");

function typesOf(schema: typeof faultSchema | typeof stepSchema): string[] {
  return schema.options.map(({ shape }) => shape.type.value);
}

describe("README.md", () => {
  test.each([
    ["every fault", typesOf(faultSchema)],
    ["every step", typesOf(stepSchema)],
    ["every named fault", Object.keys(namedFaults)],
    ["every option", Object.keys(sandboxOptionsSchema.shape)],
  ])("names %s", (_what, names) => {
    expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });
});
