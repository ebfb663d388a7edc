import { z } from "zod";
import type { Child, Usage } from "../library/child.ts";
import type { Variant } from "../library/variant.ts";

export interface MemoryResult {
  readonly name: string;
  readonly streams: number;
  /** Resident bytes of the process before, after it has answered some requests. */
  readonly idleRss: number;
  /** Resident bytes per open stream beyond the idle process, as it is. */
  readonly rssPerStream: number;
  /** The same after a garbage collection on both sides. */
  readonly collectedRssPerStream: number;
  /** Live JavaScript and buffer bytes per open stream, after a garbage collection on both sides. */
  readonly livePerStream: number;
}

function live(usage: Usage): number {
  return usage.heapUsed + usage.external;
}

const pauseMs = 200;
const samples = 5;

/** Pages that were freed go back to the system with some delay: the smallest of a few readings after a collection. */
export async function settledUsage(child: Child): Promise<Usage> {
  let smallest = await child.usage("collect");
  for (let count = 1; count < samples; count += 1) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const usage = await child.usage("collect");
    if (usage.rss < smallest.rss) smallest = usage;
  }
  return smallest;
}

/** Memory of the process between while `streams` answers stand still in the middle. */
export async function measureMemory(
  load: Child,
  variants: readonly (Variant & { readonly between: Child })[],
  streams: number,
): Promise<MemoryResult[]> {
  const results: MemoryResult[] = [];
  for (const { name, target, between } of variants) {
    const idle = await settledUsage(between);
    await load.ask(z.number(), "open", { target, count: streams });
    const open = await between.usage();
    const collected = await settledUsage(between);
    await load.ask(z.null(), "close");
    results.push({
      name,
      streams,
      idleRss: idle.rss,
      rssPerStream: (open.rss - idle.rss) / streams,
      collectedRssPerStream: (collected.rss - idle.rss) / streams,
      livePerStream: (live(collected) - live(idle)) / streams,
    });
  }
  return results;
}
