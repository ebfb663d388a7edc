import type { ParsedAnswer, ParsedStep } from "./schema.ts";

/** A step that says something: pauses and groups are taken care of. */
export type SpokenStep = Exclude<ParsedStep, { type: "silence" | "parallel" }>;
export type CallStep = ParsedStep & { type: "function-call" | "custom-tool-call" };

export interface Timed<T> {
  readonly value: T;
  readonly delayMs: number;
}

/** One of each list in turn. */
function interleave<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
}

/**
 * What the steps of a script say, in order, each with the wait before it.
 *
 * @param say - Called once for each step, in order. What it returns shares the step's `delayMs`.
 * @param mayInterleave - False for languages whose parts never overlap.
 */
export function timeSteps<T>(
  answer: ParsedAnswer,
  say: (step: SpokenStep) => readonly T[],
  mayInterleave = false,
): Timed<T>[] {
  const timed: Timed<T>[] = [];
  let silenceMs = 0;

  function push(values: readonly T[], delayMs: number): void {
    for (const value of values) {
      timed.push({ value, delayMs: delayMs + silenceMs });
      silenceMs = 0;
    }
  }

  for (const step of answer.steps) {
    if (step.type === "silence") silenceMs += step.milliseconds;
    else if (step.type === "parallel") {
      const calls = step.calls.map((call) => say(call));
      push(
        mayInterleave && step.interleaved ? interleave(calls) : calls.flat(),
        step.calls[0]?.delayMs ?? answer.delayMs,
      );
    } else {
      silenceMs += step.silenceMs ?? 0;
      push(say(step), step.delayMs ?? answer.delayMs);
    }
  }
  return timed;
}

/** The tool calls of an answer, groups opened. */
export function callsOf(answer: ParsedAnswer): CallStep[] {
  return answer.steps.flatMap((step) =>
    step.type === "parallel"
      ? step.calls
      : step.type === "function-call" || step.type === "custom-tool-call"
        ? [step]
        : [],
  );
}

/** What a call passes, as JSON text: a custom call's text becomes `{"input": …}`. */
export function argumentsText(step: CallStep): string {
  if (step.type === "custom-tool-call") return JSON.stringify({ input: step.input });
  return typeof step.arguments === "string" ? step.arguments : JSON.stringify(step.arguments);
}
