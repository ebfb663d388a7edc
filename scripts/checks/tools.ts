import type { Check } from "../library/check.ts";
import { commandResult } from "../library/command.ts";

function toolCheck(name: string, title: string, command: readonly string[], needs: readonly string[] = []): Check {
  return { name, title, needs, run: (root) => commandResult(root, command) };
}

export const format = toolCheck("format", "oxfmt leaves every file as it is", ["oxfmt", "--check"]);

export const build = toolCheck("build", "every package builds", ["turbo", "run", "build", "--output-logs=errors-only"]);

export const types = toolCheck("types", "sources, tests, scripts, bench and examples are well typed", [
  "tsc",
  "-p",
  "tsconfig.json",
]);

// Type-aware rules see siblings as users do, through `dist`.
export const lint = toolCheck(
  "lint",
  "oxlint has nothing to say",
  ["oxlint", "--type-aware", "--deny-warnings"],
  ["build"],
);

export const unused = toolCheck("unused", "knip finds no unused file, export or dependency", ["knip", "--no-progress"]);

export const tests = toolCheck("tests", "every test passes", ["vitest", "run"]);

export const generated = toolCheck("generated", "generated files are up to date", [
  "tsx",
  "--conditions=@turnout/source",
  "scripts/generate.ts",
  "--check",
]);
