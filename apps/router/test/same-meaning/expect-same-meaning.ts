import { expect } from "vitest";
import { describeTravels, type RunOptions, runPlans } from "./run-plans.ts";
import type { Stage } from "./stage.ts";

export interface ExpectOptions extends RunOptions {
  /**
   * At least so many of 100 requests are continued, so that there is something to judge. Default 20: edits, branches and other
   * settings go in full, rightly.
   */
  readonly leastContinued?: number;
  /** At most so many requests are refused, on both roads alike. Default 0. */
  readonly mostRefused?: number;
}

/** Runs random conversations, and fails with what differed in them; also when hardly any request was continued. */
export async function expectSameMeaning(stage: Stage, options: ExpectOptions): Promise<void> {
  const started = process.cpuUsage();
  const { turns, refused, travels, differences } = await runPlans(stage, options);
  const { user, system } = process.cpuUsage(started);
  const text = describeTravels(travels);
  process.stdout.write(
    `${turns} turns, ${refused} refused, ${Math.round((user + system) / 1000)} ms of processor\n${text}\n`,
  );
  expect(differences, text).toEqual([]);
  expect(turns).toBeGreaterThanOrEqual(options.turns);
  expect(refused).toBeLessThanOrEqual(options.mostRefused ?? 0);
  let continued = 0;
  for (const counts of travels.values()) continued += counts.get("incremental") ?? 0;
  expect((continued * 100) / turns, text).toBeGreaterThan(options.leastContinued ?? 20);
}
