import path from "node:path";
import { expect, test } from "vitest";
import { temporaryTree } from "../library/temporary-tree.ts";
import { arrows } from "./arrows.ts";

async function problemsOf(files: Readonly<Record<string, string | object>>) {
  const { problems } = await arrows.run(temporaryTree(files));
  return problems;
}

function manifest(name: string, more: object = {}) {
  return { name: `@turnout/${name}`, ...more };
}

const caught: [what: string, files: Record<string, string | object>, problem: string][] = [
  [
    "core importing a sibling",
    { "packages/core/package.json": manifest("core"), "packages/core/src/a.ts": 'import "@turnout/translator";' },
    'packages/core/src/a.ts:1: may not import "@turnout/translator"',
  ],
  [
    "core importing more than zod",
    {
      "packages/core/package.json": manifest("core", { dependencies: { undici: "7" } }),
      "packages/core/src/a.ts": "export {};",
    },
    'packages/core/package.json: may not depend on "undici"',
  ],
  [
    "a node module in the translator",
    {
      "packages/translator/package.json": manifest("translator"),
      "packages/translator/src/sse.ts": '\nimport { Buffer } from "node:buffer";\nexport { Buffer };',
    },
    'packages/translator/src/sse.ts:2: imports "node:buffer", but this package is pure',
  ],
  [
    "a Node global in core",
    {
      "packages/core/package.json": manifest("core"),
      "packages/core/src/a.ts": "export const home = process.env.HOME;",
    },
    "packages/core/src/a.ts:1: uses process, but this package is pure",
  ],
  [
    "executors importing each other",
    {
      "packages/codex-ws/package.json": manifest("codex-ws"),
      "packages/codex-ws/src/a.ts": 'export * from "@turnout/codex-http";',
    },
    'packages/codex-ws/src/a.ts:1: may not import "@turnout/codex-http"',
  ],
  [
    "an executor depending on auth",
    {
      "packages/codex-http/package.json": manifest("codex-http", { dependencies: { "@turnout/auth": "workspace:^" } }),
    },
    'packages/codex-http/package.json: may not depend on "@turnout/auth"',
  ],
  [
    "a new provider importing codex",
    {
      "packages/gemini/package.json": manifest("gemini"),
      "packages/gemini/src/a.ts": 'type Profile = import("@turnout/codex").Profile;\nexport type { Profile };',
    },
    'packages/gemini/src/a.ts:1: may not import "@turnout/codex"',
  ],
  [
    "an executor named outside plugins.ts",
    {
      "apps/router/package.json": manifest("router"),
      "apps/router/src/plan.ts": 'export const load = () => import("@turnout/codex-ws");',
      "apps/router/src/plugins.ts": 'export * from "@turnout/codex-ws";',
    },
    'apps/router/src/plan.ts:1: names "@turnout/codex-ws"; only apps/router/src/plugins.ts does that',
  ],
  [
    "a package importing the app",
    {
      "packages/sandbox/package.json": manifest("sandbox"),
      "packages/sandbox/src/a.ts": 'import "@turnout/router";',
    },
    'packages/sandbox/src/a.ts:1: imports the app "@turnout/router"',
  ],
  [
    "the benchmark importing the app",
    { "bench/main.ts": 'import "../apps/router/src/main.ts";' },
    'bench/main.ts:1: imports the app "../apps/router/src/main.ts"',
  ],
  [
    "a path into a sibling",
    {
      "packages/auth/package.json": manifest("auth"),
      "packages/auth/src/a.ts": 'import "../../core/src/error.ts";',
    },
    'packages/auth/src/a.ts:1: reaches out of its package to "../../core/src/error.ts"',
  ],
  [
    "a test helper in sources",
    {
      "packages/auth/package.json": manifest("auth", { devDependencies: { "@turnout/testing": "workspace:^" } }),
      "packages/auth/src/a.ts": 'import "@turnout/testing";',
    },
    'packages/auth/src/a.ts:1: may not import "@turnout/testing"',
  ],
  [
    "a development dependency in sources",
    {
      "packages/auth/package.json": manifest("auth", { devDependencies: { "fast-check": "4" } }),
      "packages/auth/src/a.ts": 'import "fast-check";',
    },
    'packages/auth/src/a.ts:1: imports "fast-check", which is not among its dependencies',
  ],
];

test.each(caught)("arrows catches %s", async (_what, files, problem) => {
  expect(await problemsOf(files)).toEqual([problem]);
});

test("arrows lets tests use what only tests may use, and does not read comments or strings", async () => {
  const problems = await problemsOf({
    "packages/core/package.json": manifest("core"),
    "packages/core/src/a.ts": '/** import "@turnout/auth"; */\nexport const text = \'import "node:fs"\'; // process',
    "packages/codex/package.json": manifest("codex", { devDependencies: { "@turnout/testing": "workspace:^" } }),
    "packages/codex/src/a.test.ts": 'import "@turnout/testing";\nimport "vitest";\nimport "./a.ts";',
  });
  expect(problems).toEqual([]);
});

test("arrows finds nothing in this repository", async () => {
  const { problems } = await arrows.run(path.resolve(import.meta.dirname, "../.."));
  expect(problems).toEqual([]);
});
