import { stopChildren } from "../library/child.ts";
import { describeMachine } from "../library/machine.ts";
import { keepResults } from "../library/results.ts";
import { runSoak, type SoakSettings } from "./run-soak.ts";
import { judgeSoak, renderSoakReport } from "./soak-report.ts";

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly progress: (line: string) => void;
}

/** Settings of a soak: more conversations than sockets, so that HTTP has to help out. */
export function soakSettings(minutes: number, seed: number): SoakSettings {
  const milliseconds = minutes * 60_000;
  return {
    milliseconds,
    seed,
    concurrency: 24,
    accounts: 3,
    maxSocketsPerAccount: 6,
    faultShare: 0.06,
    handshakeFaultMs: 6_000,
    sampleMs: Math.min(15_000, milliseconds / 5),
  };
}

/** The router among random faults: nothing lost, nothing doubled, nothing wrong, nothing left. */
export async function benchSoak({ minutes, seed, progress }: SoakOptions): Promise<void> {
  if (!(minutes > 0)) throw new RangeError(`Cannot soak for ${minutes} minutes: expected a number above 0`);
  const settings = soakSettings(minutes, seed);
  const machine = describeMachine();
  try {
    const result = await runSoak(settings, progress);
    const report = { date: new Date().toISOString(), machine, settings, ...result };
    keepResults("soak", report, renderSoakReport(report));
    if (judgeSoak(report).some(({ met }) => !met)) process.exitCode = 1;
  } finally {
    await stopChildren();
  }
}
