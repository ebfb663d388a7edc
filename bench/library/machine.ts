import { cpus, loadavg } from "node:os";

/** Where and when a benchmark ran. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly platform: string;
  /** Load average of the last minute when the run began: what else the machine was doing. */
  readonly loadBefore: number;
}

export function describeMachine(): Machine {
  const [loadBefore = 0] = loadavg();
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    node: process.version,
    platform: process.platform,
    loadBefore,
  };
}

/** The head of a report: when, where, and beside what. */
export function renderMachine({ cpu, cores, node, platform, loadBefore }: Machine, date: string, mode: string): string {
  const busy =
    loadBefore > 1
      ? ` - BUSY: other programs ran beside this, so read ratios with care and absolute figures not at all`
      : "";
  return `${date}, ${mode} mode. ${cores} x ${cpu}, Node ${node}, ${platform}.
Load average before the run: ${loadBefore.toFixed(1)}${busy}.`;
}
