import { expect, test } from "vitest";
import { temporaryTree } from "../library/temporary-tree.ts";
import { world } from "./world.ts";

const manifest = { name: "@turnout/core" };

async function problemsIn(file: string, text: string) {
  const { problems } = await world.run(temporaryTree({ "packages/core/package.json": manifest, [file]: text }));
  return problems;
}

test.each([
  ["Date.now", "export const now = () => Date.now();"],
  ["new Date()", "export const now = new Date();"],
  ["Math.random", "export const random = Math.random;"],
  ["setTimeout", "setTimeout(() => undefined, 1);"],
  ["setInterval", "globalThis.setInterval(() => undefined, 1);"],
  ["performance.now", "export const at = performance.now();"],
  ["AbortSignal.timeout", "export const signal = AbortSignal.timeout(1);"],
])("world catches %s", async (name, text) => {
  expect(await problemsIn("packages/core/src/a.ts", text)).toEqual([
    `packages/core/src/a.ts:1: uses ${name}; take a Runtime instead`,
  ]);
});

test("world catches global fetch, in runtime.ts as well", async () => {
  const text = "export const get = (send = fetch) => send;";
  expect(await problemsIn("packages/core/src/runtime.ts", text)).toEqual([
    "packages/core/src/runtime.ts:1: uses fetch; take undici's dispatcher instead",
  ]);
});

test("world catches timers by import", async () => {
  expect(await problemsIn("packages/core/src/a.ts", 'export * from "node:timers/promises";')).toEqual([
    'packages/core/src/a.ts:1: imports "node:timers/promises"; take a Runtime instead',
  ]);
});

test("world lets runtime.ts, tests, and harmless namesakes be", async () => {
  const clock = "export const now = () => Date.now() + Math.random();";
  const namesakes = [
    'import { fetch } from "undici";',
    "export const get = fetch;",
    "export const app = { fetch: 1, setTimeout: 2 };",
    "export const day = new Date(0);",
    "export const call = (server: { fetch(): void }) => server.fetch();",
    "export type Fetch = typeof globalThis.fetch;",
    "export const listen = (fetch: () => void, { setTimeout }: { setTimeout(): void }) => [fetch, setTimeout()];",
  ].join("\n");
  expect(await problemsIn("packages/core/src/runtime.ts", clock)).toEqual([]);
  expect(await problemsIn("packages/core/src/a.test.ts", clock)).toEqual([]);
  expect(await problemsIn("packages/core/src/a.ts", namesakes)).toEqual([]);
});
