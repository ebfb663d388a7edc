import { z } from "zod";
import type { Child } from "../library/child.ts";
import { median, percentile } from "../library/statistics.ts";
import { inRounds, type Variant } from "../library/variant.ts";

export interface LatencyResult {
  readonly name: string;
  /** Milliseconds for one whole answer: medians over the rounds. */
  readonly p50: number;
  readonly p99: number;
  /** Beyond the first variant, round by round, then the median. */
  readonly addedP50: number;
  readonly addedP99: number;
  readonly rounds: readonly { readonly p50: number; readonly p99: number }[];
}

/** One request after the other, at concurrency 1. The first variant is what the others are compared with. */
export async function measureLatency(
  load: Child,
  variants: readonly Variant[],
  { rounds, requests }: { readonly rounds: number; readonly requests: number },
): Promise<LatencyResult[]> {
  const results = await inRounds(variants, rounds, async ({ target }) => {
    const milliseconds = await load.ask(z.array(z.number()), "latency", { target, count: requests });
    return { p50: percentile(milliseconds, 0.5), p99: percentile(milliseconds, 0.99) };
  });
  const base = results.get(variants[0]?.name ?? "") ?? [];
  return variants.map(({ name }) => {
    const own = results.get(name) ?? [];
    const added = (key: "p50" | "p99") => median(own.map((round, index) => round[key] - (base[index]?.[key] ?? 0)));
    return {
      name,
      p50: median(own.map((round) => round.p50)),
      p99: median(own.map((round) => round.p99)),
      addedP50: added("p50"),
      addedP99: added("p99"),
      rounds: own,
    };
  });
}
