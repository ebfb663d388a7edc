import type { WireFormat } from "@turnout/core";

import { sha256Hex } from "./sha256.ts";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Base 62 of the SHA-256 of `text`, cut to `length` characters (at most 42). */
export function base62Hash(text: string, length: number): string {
  let rest = BigInt(`0x${sha256Hex(text)}`);
  let digits = "";
  while (digits.length < length) {
    digits += alphabet.charAt(Number(rest % 62n));
    rest /= 62n;
  }
  return digits;
}

/**
 * The id of a call whose upstream gave none: the same in a stream and in a whole answer (T50).
 *
 * @param position - Place among the calls of the answer.
 */
export function madeUpCallId(responseId: string, position: number, name: string): string {
  return `call_${base62Hash(`${responseId} ${position} ${name}`, 24)}`;
}

const wordCharacters = /^[a-zA-Z0-9_-]+$/u;

/** What each format's servers take as the id of a tool call, and the prefix of the ids we make for it. */
const rules: Readonly<Record<WireFormat, { readonly prefix: string; fits(id: string): boolean }>> = {
  // 40 is the limit of older models, Azure and Copilot (T45); any character is taken.
  "openai-chat": { prefix: "call_", fits: (id) => id.length <= 40 },
  // No trailing underscore: the ChatGPT backend refuses it (T47).
  "openai-responses": {
    prefix: "call_",
    fits: (id) => id.length <= 64 && wordCharacters.test(id) && !id.endsWith("_"),
  },
  "anthropic-messages": { prefix: "toolu_", fits: (id) => id.length <= 64 && wordCharacters.test(id) },
  gemini: { prefix: "call_", fits: () => true },
};

/**
 * A tool call id as `wire` takes it: unchanged when it fits, else a hash of it. The same id gives the same result in
 * every request, so a client may send back what it received.
 *
 * @param id - The upstream's or client's id; not empty.
 */
export function mapToolCallId(id: string, wire: WireFormat): string {
  const rule = rules[wire];
  return id !== "" && rule.fits(id) ? id : rule.prefix + base62Hash(id, 24);
}

/** Maps the ids of one history; calls and results must be given in the order of the history. */
export interface ToolCallIds {
  /** Call after which ids may repeat: at the start of each assistant turn. */
  nextTurn(): void;
  call(id: string): string;
  result(id: string): string;
}

/**
 * Like `mapToolCallId`, for a whole history: the second call of the same id in one turn gets the suffix `_2` before it
 * is mapped, and so does the second result (T48); empty ids are numbered, so that calls and results pair by order.
 */
export function createToolCallIds(wire: WireFormat): ToolCallIds {
  let calls = new Map<string, number>();
  let results = new Map<string, number>();
  let turn = 0;
  const numbered = (seen: Map<string, number>, id: string, limit: number): string => {
    const count = Math.min((seen.get(id) ?? 0) + 1, limit);
    seen.set(id, count);
    if (id === "") return mapToolCallId(`call_${turn}_${count}`, wire);
    return mapToolCallId(count === 1 ? id : `${id}_${count}`, wire);
  };
  return {
    nextTurn: () => {
      calls = new Map();
      results = new Map();
      turn += 1;
    },
    call: (id) => numbered(calls, id, Infinity),
    // A result sent twice belongs to the one call there is (T56).
    result: (id) => numbered(results, id, Math.max(calls.get(id) ?? 1, 1)),
  };
}

/**
 * The id of an item or answer, made of the answer's seed: `msg_` and 48 hex digits.
 *
 * @param seed - 48 hex digits, unique for the answer.
 * @param index - The item's place in the answer; the answer itself is -1.
 */
export function makeItemId(prefix: string, seed: string, index: number): string {
  if (index < 0) return prefix + seed;
  const suffix = index.toString(16).padStart(4, "0");
  return prefix + seed.slice(0, seed.length - suffix.length) + suffix;
}
