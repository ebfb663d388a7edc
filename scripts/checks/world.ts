import type { Check } from "../library/check.ts";
import { readSource } from "../library/source.ts";
import { isTestFile, listFiles, listRooms, readText } from "../library/workspace.ts";

/** The one file that may touch them. */
const runtimeFile = "packages/core/src/runtime.ts";

const clockAndDice = [
  "Date.now",
  "new Date()",
  "Math.random",
  "setTimeout",
  "setInterval",
  "AbortSignal.timeout",
  "performance.now",
  "process.hrtime",
  "crypto.randomUUID",
];

const watched: ReadonlySet<string> = new Set([...clockAndDice, "fetch"]);
const timerModules: ReadonlySet<string> = new Set(["node:timers", "node:timers/promises"]);

/** Time and chance come from a `Runtime`, HTTP from undici: then tests need no patching, and the hot path stays fast. */
export const world: Check = {
  name: "world",
  title: `clock, timers and randomness only in ${runtimeFile}, global fetch nowhere`,
  run(root) {
    const problems = listRooms(root).flatMap((room) =>
      listFiles(root, `${room.folder}/src`)
        .filter((file) => file.endsWith(".ts") && !isTestFile(file))
        .flatMap((file) => {
          const facts = readSource(file, readText(root, file), watched);
          const uses = facts.globals
            .filter((use) => file !== runtimeFile || use.name === "fetch")
            .map(({ name, line }) => {
              const instead = name === "fetch" ? "undici's dispatcher" : "a Runtime";
              return `${file}:${line}: uses ${name}; take ${instead} instead`;
            });
          const timers = facts.imports
            .filter(({ specifier }) => timerModules.has(specifier))
            .map(({ specifier, line }) => `${file}:${line}: imports "${specifier}"; take a Runtime instead`);
          return [...uses, ...timers];
        }),
    );
    return { problems };
  },
};
