import { createRandom } from "./random.ts";

/**
 * What a client does next:
 *
 * - `append`: says something more, or brings the outputs of calls
 * - `edit`: goes back to something the user said, and says something else
 * - `rewrite`: has another text where the model said something
 * - `change-output`: has another output where a tool gave one
 * - `retry`: asks the same again
 * - `branch`: begins a second conversation at an earlier place; both go on
 * - `hop`: goes on with another of its conversations
 * - `compact`: has a summary in place of the history
 * - `slide`: forgets the oldest steps
 * - `forget`: has lost the latest answer
 * - `settings`: asks with another setting
 * - `client`: another program goes on, of the same format or of another
 * - `session`: calls the conversation by another name, or by none
 * - `system`: an instruction in the middle of the conversation
 * - `interrupt`: says something instead of bringing all outputs
 * - `twins`: asks two things at once after the same history
 * - `double`: asks the same twice at once
 * - `abandon`: asks, leaves before the answer is whole, and asks the same again
 */
export const actions = {
  append: 46,
  edit: 5,
  rewrite: 3,
  "change-output": 3,
  retry: 4,
  branch: 5,
  hop: 6,
  compact: 3,
  slide: 2,
  forget: 2,
  settings: 7,
  client: 4,
  session: 2,
  system: 2,
  interrupt: 3,
  twins: 3,
  double: 2,
  abandon: 2,
} as const;

export type Action = keyof typeof actions;

export interface Step {
  readonly action: Action;
  /** Decides everything else about the step, so that leaving out another step changes nothing in it. */
  readonly seed: number;
}

/** What the clients of a conversation do, as data: to do again, and to leave some of it out. */
export function createPlan(seed: number, length: number): readonly Step[] {
  const random = createRandom(seed);
  return Array.from({ length }, () => ({ action: random.weighted(actions), seed: random.below(2 ** 31) }));
}
