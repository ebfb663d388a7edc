import type { Child } from "./child.ts";
import type { Target } from "./target.ts";

/** One way to the same answer: straight to the upstream, through the byte proxy, or through turnout. */
export interface Variant {
  readonly name: string;
  readonly target: Target;
  /** The process between client and upstream, whose CPU time and memory are looked at. */
  readonly between?: Child;
}

/**
 * Every variant once per round, each round in another order: what the machine does beside hits all of them alike.
 *
 * @returns What `measure` gave, by variant and round.
 */
export async function inRounds<Result>(
  variants: readonly Variant[],
  rounds: number,
  measure: (variant: Variant) => Promise<Result>,
): Promise<ReadonlyMap<string, readonly Result[]>> {
  const results = new Map<string, Result[]>(variants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % variants.length;
    for (const variant of [...variants.slice(first), ...variants.slice(0, first)]) {
      results.get(variant.name)?.push(await measure(variant));
    }
  }
  return results;
}
