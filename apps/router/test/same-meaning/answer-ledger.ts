import type { JsonObject } from "@turnout/core";
import { canonicalItem, sortedJson, splitItem } from "./canonical-item.ts";

/** Who thought: encrypted reasoning is readable for the account and the model that made it, and for no other. */
export interface Maker {
  readonly accountId: string | undefined;
  readonly model: string;
}

/** What once stood before and beside one item of a conversation that the upstream answered to. */
interface GivenItem {
  /** Payloads of the reasoning directly before it. */
  readonly payloads: readonly string[];
  /** See `splitItem`. */
  readonly beside: string;
}

/** A place in a conversation, told by everything before it that is no reasoning. */
export type Place = number;

const continuedSettings = [
  "model",
  "instructions",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "reasoning",
  "store",
  "include",
  "service_tier",
  "prompt_cache_key",
  "text",
];

/** Remembers every answer that was given, by the exact conversation it was given to. */
export interface AnswerLedger {
  /** The beginning of every conversation. */
  readonly start: Place;
  /** The place after one more item that is no reasoning; `callNumber` stands for the id of its call. */
  after(place: Place, item: JsonObject, callNumber: number | undefined): Place;
  /** Takes down what was asked beside the conversation. */
  recordSettings(responseId: string, body: JsonObject): void;
  /**
   * The first setting of a request that is another one than that of the response it continues, of those that have to be the
   * same (codex.md 4.4); undefined when there is none, or nothing is known of the response.
   */
  differingSetting(responseId: string, body: JsonObject): string | undefined;
  /** Takes down a conversation and the answer that was given to it. */
  record(input: readonly JsonObject[], output: readonly JsonObject[], maker: Maker): void;
  /**
   * Whether this maker thought exactly this, and it stood directly before the item that led to `place`: because it was thought
   * there, or because a client brought it back there before.
   */
  hasThought(place: Place, reasoning: readonly JsonObject[], maker: Maker): boolean;
  /** Whether it was thought for another account, which alone can read it. */
  isForeign(reasoning: JsonObject, accountId: string | undefined): boolean;
  /** Whether the upstream gave the item that led to `place` with this beside it. */
  hasBeside(place: Place, beside: JsonObject): boolean;
}

/** Numbers calls by their first appearance, so that conversations can be told from each other without their ids. */
export function createCallNumbers(): (item: JsonObject) => number | undefined {
  const numbers = new Map<string, number>();
  return ({ call_id: id }) => {
    if (typeof id !== "string") return undefined;
    const number = numbers.get(id) ?? numbers.size;
    numbers.set(id, number);
    return number;
  };
}

export function isReasoning(item: JsonObject): boolean {
  return item["type"] === "reasoning";
}

function payloadOf(item: JsonObject): string {
  return typeof item["encrypted_content"] === "string" ? item["encrypted_content"] : "";
}

/** What a client shows of a thought. */
function digestOf(item: JsonObject): string {
  return sortedJson(canonicalItem(item));
}

export function createAnswerLedger(): AnswerLedger {
  const places = new Map<string, Place>();
  const given = new Map<Place, GivenItem[]>();
  const makers = new Map<string, Maker>();
  const digests = new Set<string>();
  const settings = new Map<string, JsonObject>();
  const start = 0;

  function after(place: Place, item: JsonObject, callNumber: number | undefined): Place {
    const { call_id: _id, ...meaning } = splitItem(canonicalItem(item)).meaning;
    const key = `${place} ${callNumber ?? ""} ${sortedJson(meaning)}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, places.size + 1);
    return places.size;
  }

  function isMaker(payload: string, { accountId, model }: Maker): boolean {
    const maker = makers.get(payload);
    return maker !== undefined && maker.accountId === accountId && maker.model === model;
  }

  return {
    start,
    after,
    recordSettings: (responseId, body) => void settings.set(responseId, body),
    differingSetting(responseId, body) {
      const known = settings.get(responseId);
      return continuedSettings.find(
        (name) => known !== undefined && sortedJson(known[name]) !== sortedJson(body[name]),
      );
    },
    record(input, output, maker) {
      for (const item of output) if (isReasoning(item)) makers.set(payloadOf(item), maker);
      const number = createCallNumbers();
      let place = start;
      let payloads: string[] = [];
      for (const item of [...input, ...output]) {
        if (isReasoning(item)) {
          payloads.push(payloadOf(item));
          digests.add(digestOf(item));
          continue;
        }
        place = after(place, item, number(item));
        const beside = sortedJson(splitItem(canonicalItem(item)).beside);
        add(place, { payloads, beside });
        payloads = [];
      }
    },
    hasThought(place, reasoning, maker) {
      const payloads = reasoning.map(payloadOf);
      return (
        payloads.every((payload) => isMaker(payload, maker)) &&
        reasoning.every((item) => digests.has(digestOf(item))) &&
        (given.get(place) ?? []).some((item) => item.payloads.join(" ") === payloads.join(" "))
      );
    },
    isForeign(reasoning, accountId) {
      const maker = makers.get(payloadOf(reasoning));
      return maker !== undefined && maker.accountId !== accountId;
    },
    hasBeside(place, beside) {
      const text = sortedJson(beside);
      return (given.get(place) ?? []).some((item) => item.beside === text);
    },
  };

  function add(place: Place, item: GivenItem): void {
    const items = given.get(place) ?? [];
    const isKnown = items.some(
      (old) => old.beside === item.beside && old.payloads.join(" ") === item.payloads.join(" "),
    );
    if (!isKnown) given.set(place, [...items, item]);
  }
}
