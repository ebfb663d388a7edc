import { isJsonObject, type JsonObject, type WireEvent } from "@turnout/core";
import { expect } from "vitest";

/** The data of one event; `[DONE]` is none. */
export function parseChunk(event: WireEvent): JsonObject {
  const value: unknown = JSON.parse(event.data);
  if (!isJsonObject(value)) throw new Error(`Not an object: ${event.data}`);
  return value;
}

/** The first choice of a chunk or a whole answer. */
export function firstChoice(chunk: JsonObject): JsonObject | undefined {
  const { choices } = chunk;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isJsonObject(first) ? first : undefined;
}

/** The delta of a chunk's first choice, or an empty one. */
export function deltaOf(chunk: JsonObject): JsonObject {
  const delta = firstChoice(chunk)?.["delta"];
  return isJsonObject(delta) ? delta : {};
}

/** One role, first; one finish; tool indexes dense from 0 with id and name once; usage after the finish; `[DONE]` last. */
export function checkChatGrammar(written: readonly WireEvent[]): void {
  expect(written.every((event) => event.type === "")).toBe(true);
  expect(written.at(-1)?.data).toBe("[DONE]");
  const chunks = written.slice(0, -1).map(parseChunk);
  for (const key of ["id", "created", "model", "object"])
    expect(new Set(chunks.map((chunk) => chunk[key])).size).toBe(1);
  const roles = chunks.map((chunk) => deltaOf(chunk)["role"]);
  expect(roles.indexOf("assistant")).toBe(0);
  expect(roles.lastIndexOf("assistant")).toBe(0);
  const finishes = chunks.map((chunk) => firstChoice(chunk)?.["finish_reason"] ?? null);
  expect(finishes.filter((finish) => finish !== null)).toHaveLength(1);
  const end = finishes.findIndex((finish) => finish !== null);
  expect(chunks.slice(end + 1).every((chunk) => firstChoice(chunk) === undefined && isJsonObject(chunk["usage"]))).toBe(
    true,
  );
  expect(chunks.length - end).toBeLessThanOrEqual(2);
  const calls = chunks.flatMap((chunk) => {
    const list = deltaOf(chunk)["tool_calls"];
    return Array.isArray(list) ? list.filter(isJsonObject) : [];
  });
  const openings = calls.filter((call) => call["id"] !== undefined);
  expect(openings.map((call) => call["index"])).toEqual(openings.map((_, index) => index));
  expect(new Set(calls.map((call) => call["index"])).size).toBe(openings.length);
}
