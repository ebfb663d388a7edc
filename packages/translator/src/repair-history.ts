import type { Block, ToolCallBlock, ToolResultBlock, Turn } from "@turnout/core";

import { blockPath, type LossCollector, turnPath, withBlocks } from "./report.ts";

/** What stands in for a result that never came (translation.md 2.8). */
const interrupted = "No result: the call was interrupted";

/** A call of the history and the results that belong to it. */
interface Call {
  readonly block: ToolCallBlock;
  /** The last one counts; more than one is a client's mistake. */
  readonly results: ToolResultBlock[];
}

function callsOf(turn: Turn): ToolCallBlock[] {
  if (turn.role !== "assistant") return [];
  return turn.blocks.filter((block) => block.type === "tool-call");
}

const isResult = (block: Block): block is ToolResultBlock => block.type === "tool-result";

/** True when the results of `calls` stand at the head of `next`, one each, and nothing else claims to be a result. */
function isAnswered(calls: readonly ToolCallBlock[], next: Turn | undefined): boolean {
  if (next === undefined) return true;
  if (next.role !== "user") return false;
  const results = next.blocks.filter(isResult);
  if (results.length !== calls.length || !next.blocks.slice(0, results.length).every(isResult)) return false;
  const ids = new Set(results.map((result) => result.callId));
  return ids.size === calls.length && calls.every((call) => ids.has(call.callId));
}

function isSound(turns: readonly Turn[]): boolean {
  for (const [index, turn] of turns.entries()) {
    const calls = callsOf(turn);
    const previous = turns[index - 1];
    if (calls.length > 0 && (calls.some((call) => call.incomplete) || !isAnswered(calls, turns[index + 1]))) {
      return false;
    }
    const mayAnswer = previous !== undefined && callsOf(previous).length > 0;
    if (!mayAnswer && turn.blocks.some(isResult)) return false;
  }
  return true;
}

/** Gives each result of the history to the nearest call before it with its id. */
function pairResults(turns: readonly Turn[], losses: LossCollector): Map<Turn, Call[]> {
  const callsByTurn = new Map<Turn, Call[]>();
  const latest = new Map<string, Call[]>();
  for (const [turnIndex, turn] of turns.entries()) {
    const calls: Call[] = [];
    for (const block of callsOf(turn)) {
      // Cut off by the token limit or an abort: it was never executed, and half a JSON text is refused (T05).
      if (block.incomplete === true) losses.dropped(turnPath(turn, turnIndex), `unfinished call of \`${block.name}\``);
      else calls.push({ block, results: [] });
    }
    if (calls.length > 0) {
      callsByTurn.set(turn, calls);
      // An id may be used again in a later turn: from there on it means the later call.
      for (const call of calls) {
        latest.set(
          call.block.callId,
          calls.filter((other) => other.block.callId === call.block.callId),
        );
      }
    }
    for (const [blockIndex, block] of turn.blocks.entries()) {
      if (!isResult(block)) continue;
      const candidates = latest.get(block.callId);
      const call = candidates?.find((candidate) => candidate.results.length === 0) ?? candidates?.at(-1);
      const path = blockPath(turn, `turns[${turnIndex}]`, blockIndex);
      if (call === undefined) losses.dropped(path, "result of a call that is not in the history");
      else if (call.results.push(block) > 1) losses.dropped(path, "an earlier result of a call with several");
    }
  }
  return callsByTurn;
}

function resultsTurn(calls: readonly Call[], callsPath: string, isLast: boolean, losses: LossCollector): Turn[] {
  const blocks: ToolResultBlock[] = [];
  for (const { block, results } of calls) {
    const result = results.at(-1);
    if (result !== undefined) {
      blocks.push(result);
    } else if (!isLast) {
      losses.approximated(callsPath, `call of \`${block.name}\` without a result: one was added`);
      const { callId, name, kind } = block;
      const content = [{ type: "text", text: interrupted }] as const;
      blocks.push({ type: "tool-result", callId, name, kind, content, isError: true });
    }
  }
  return blocks.length === 0 ? [] : [{ role: "user", blocks }];
}

/**
 * A history that every target takes: each call is followed at once by exactly one result (T54 to T56), and no result
 * stands without its call. Calls of the last turn may wait for theirs. A sound history comes back as it is.
 *
 * @param losses - Is told of every repair.
 */
export function repairHistory(turns: readonly Turn[], losses: LossCollector): readonly Turn[] {
  if (isSound(turns)) return turns;
  const callsByTurn = pairResults(turns, losses);
  const repaired: Turn[] = [];
  for (const [index, turn] of turns.entries()) {
    const calls = callsByTurn.get(turn);
    const kept = new Set<Block>(calls?.map((call) => call.block));
    const blocks = turn.blocks.filter((block) => {
      if (block.type === "tool-result") return false;
      return block.type !== "tool-call" || kept.has(block);
    });
    // A turn that was nothing but results or unfinished calls is gone; one that was empty from the start stays.
    if (blocks.length > 0 || turn.blocks.length === 0) repaired.push(withBlocks(turn, blocks));
    if (calls !== undefined)
      repaired.push(...resultsTurn(calls, turnPath(turn, index), index === turns.length - 1, losses));
  }
  return repaired;
}
