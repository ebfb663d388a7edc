/**
 * `pnpm bench`: what turnout costs, compared with the upstream directly and with a bare byte proxy, in one run.
 *
 *     pnpm bench             about eight minutes
 *     pnpm bench --quick     about three minutes, rougher
 *     pnpm bench --profile   CPU profiles of the routers in bench/results as well
 *
 * See bench/README.md for how to read it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { root } from "./library/child.ts";
import { renderReport } from "./report.ts";
import { runBenchmark, type Settings } from "./run.ts";

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, profile: { type: "boolean", default: false } },
});

const full: Settings = {
  rounds: 5,
  warmUpAnswers: 3_000,
  latencyRequests: 300,
  milliseconds: 2_000,
  concurrency: 32,
  streamConcurrency: 8,
  openStreams: 256,
  roadRounds: 5,
  roadMilliseconds: 1_000,
  codecMilliseconds: 700,
};
const quick: Settings = {
  ...full,
  rounds: 3,
  warmUpAnswers: 1_000,
  latencyRequests: 100,
  milliseconds: 400,
  roadRounds: 3,
  roadMilliseconds: 300,
  codecMilliseconds: 200,
};

const results = path.join(root, "bench", "results");
mkdirSync(results, { recursive: true });

const settings = values.quick ? quick : full;
const [loadBefore = 0] = loadavg();
const measured = await runBenchmark({
  ...settings,
  ...(values.profile ? { profileFolder: results } : {}),
  progress: (line) => console.error(line),
});
const report = {
  date: new Date().toISOString(),
  machine: {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    node: process.version,
    platform: process.platform,
    loadBefore,
  },
  mode: values.quick ? "quick" : "full",
  settings,
  ...measured,
};
writeFileSync(path.join(results, "latest.json"), `${JSON.stringify(report, undefined, 2)}\n`);
const markdown = renderReport(report);
writeFileSync(path.join(results, "latest.md"), markdown);
console.log(markdown);
