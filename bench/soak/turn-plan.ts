import type { Block, ModelRequest, Tool, Turn } from "@turnout/core";
import { markOf, userTextOf } from "./history.ts";

/** What a client is going to say, and what it has to hear. */
export interface TurnPlan {
  readonly mark: string;
  readonly text: string;
  /** The tool's arguments, where it shall be called first. */
  readonly call: object | undefined;
  readonly toolOutput: string;
  /** The last answer. */
  readonly answer: string;
  readonly stream: boolean;
  /** Bytes of the answer after which the client goes away; undefined where it stays. */
  readonly leavesAfterBytes: number | undefined;
}

const toolName = "probe";

const tools: readonly Tool[] = [
  {
    type: "function",
    name: toolName,
    description: "Tells how things are.",
    parameters: { type: "object", properties: { mark: { type: "string" } }, required: ["mark"] },
  },
];

const words = "trains wait at the signal while points are moved and locked before the next one enters".split(" ");

function sentence(random: () => number): string {
  const count = random() < 0.03 ? 900 : 5 + Math.floor(random() * 40);
  return Array.from({ length: count }, () => words[Math.floor(random() * words.length)]).join(" ");
}

const shares = { tool: 0.3, think: 0.3, slow: 0.3, whole: 0.2, leave: 0.05 } as const;
/** The sandbox quotes no more of a tool's output. */
const longestOutput = 2_000;
const mostSlowMs = 15;
const mostBytesBeforeLeaving = 3_000;

/** Throws the dice for one turn. */
export function planTurn(
  random: () => number,
  { conversation, turn, before }: { conversation: number; turn: number; before: readonly number[] },
): TurnPlan {
  const mark = markOf(conversation, turn);
  const words = sentence(random);
  const calls = random() < shares.tool && words.length < longestOutput / 2;
  const thinks = random() < shares.think ? "[[think: One thing after the other.]] " : "";
  const slow = random() < shares.slow ? ` [[slow: ${1 + Math.floor(random() * mostSlowMs)}]]` : "";
  const call = { mark };
  const said = `${mark} ${words}`;
  const wanted = calls ? `[[tool: ${toolName} ${JSON.stringify(call)}]]` : `[[say: ${said}]]`;
  return {
    mark,
    text: userTextOf(mark, before, `${thinks}${wanted}${slow}`),
    call: calls ? call : undefined,
    toolOutput: said,
    answer: calls ? `The tool ${toolName} answered: ${said}` : said,
    stream: random() >= shares.whole,
    leavesAfterBytes: random() < shares.leave ? Math.floor(random() * mostBytesBeforeLeaving) : undefined,
  };
}

/** The request of a conversation, in no particular language. */
export function requestOf(turns: readonly Turn[], stream: boolean): ModelRequest {
  return { model: "codex/gpt-5.4", stream, turns, tools, sampling: {}, maxOutputTokens: 8_192 };
}

export function userTurn(text: string): Turn {
  return { role: "user", blocks: [{ type: "text", text }] };
}

export function assistantTurn(blocks: readonly Block[]): Turn {
  return { role: "assistant", blocks };
}

export function toolTurn(callId: string, output: string): Turn {
  const content = [{ type: "text", text: output }] as const;
  return { role: "user", blocks: [{ type: "tool-result", callId, name: toolName, kind: "function", content }] };
}
