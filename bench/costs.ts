import { describeMachine } from "./library/machine.ts";
import { keepResults, resultsFolder } from "./library/results.ts";
import { renderReport } from "./report.ts";
import { runBenchmark, type Settings } from "./run.ts";

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

export interface CostOptions {
  readonly isQuick: boolean;
  /** Writes CPU profiles of the routers beside the results. */
  readonly makesProfiles: boolean;
  readonly progress: (line: string) => void;
}

/** What turnout costs, compared with the upstream directly and with proxies that do less. */
export async function benchCosts({ isQuick, makesProfiles, progress }: CostOptions): Promise<void> {
  const settings = isQuick ? quick : full;
  const machine = describeMachine();
  const measured = await runBenchmark({
    ...settings,
    ...(makesProfiles ? { profileFolder: resultsFolder } : {}),
    progress,
  });
  const report = {
    date: new Date().toISOString(),
    machine,
    mode: isQuick ? "quick" : "full",
    settings,
    ...measured,
  };
  keepResults("latest", report, renderReport(report));
}
