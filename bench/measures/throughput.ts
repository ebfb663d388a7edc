import type { Child } from "../library/child.ts";
import { median } from "../library/statistics.ts";
import { throughputSchema } from "../library/target.ts";
import { inRounds, type Variant } from "../library/variant.ts";

interface Round {
  readonly answersPerSecond: number;
  /** CPU microseconds of the process between, per answer. 0 without one. */
  readonly cpuPerAnswer: number;
}

export interface ThroughputResult {
  readonly name: string;
  readonly answersPerSecond: number;
  readonly cpuPerAnswer: number;
  /** Upstream events per second of wall time, medians over the rounds. */
  readonly eventsPerSecond: number;
  /** Upstream events per second of CPU time of the process between; undefined without one. */
  readonly eventsPerCpuSecond: number | undefined;
  /** Of `answersPerSecond` to the variant of this name in the same round, medians. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly rounds: readonly Round[];
}

export interface ThroughputOptions {
  readonly rounds: number;
  readonly milliseconds: number;
  readonly concurrency: number;
  /** Events of one answer as the upstream sends them. */
  readonly events: number | ((variant: Variant) => number);
}

/** As many answers as go through at a given concurrency. */
export async function measureThroughput(
  load: Child,
  variants: readonly Variant[],
  { rounds, milliseconds, concurrency, events }: ThroughputOptions,
): Promise<ThroughputResult[]> {
  const results = await inRounds(variants, rounds, async ({ target, between }): Promise<Round> => {
    const before = await between?.usage();
    const measured = await load.ask(throughputSchema, "throughput", { target, milliseconds, concurrency });
    const after = await between?.usage();
    return {
      answersPerSecond: (measured.requests * 1_000) / measured.elapsedMs,
      cpuPerAnswer: ((after?.cpuMicroseconds ?? 0) - (before?.cpuMicroseconds ?? 0)) / measured.requests,
    };
  });
  return variants.map((variant) => {
    const { name } = variant;
    const eventsOfAnswer = typeof events === "number" ? events : events(variant);
    const own = results.get(name) ?? [];
    const answersPerSecond = median(own.map((round) => round.answersPerSecond));
    const cpuPerAnswer = median(own.map((round) => round.cpuPerAnswer));
    const ratios = variants.map((other) => {
      const theirs = results.get(other.name) ?? [];
      const byRound = own.map((round, index) => round.answersPerSecond / (theirs[index]?.answersPerSecond ?? 0));
      return [other.name, median(byRound)] as const;
    });
    return {
      name,
      answersPerSecond,
      cpuPerAnswer,
      eventsPerSecond: answersPerSecond * eventsOfAnswer,
      eventsPerCpuSecond: cpuPerAnswer === 0 ? undefined : (eventsOfAnswer * 1_000_000) / cpuPerAnswer,
      ratios: Object.fromEntries(ratios),
      rounds: own,
    };
  });
}
