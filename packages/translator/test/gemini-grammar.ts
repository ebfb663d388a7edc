import { isJsonObject, type JsonObject, type WireEvent } from "@turnout/core";
import { expect } from "vitest";

function parse(event: WireEvent): JsonObject {
  const value: unknown = JSON.parse(event.data);
  if (!isJsonObject(value)) throw new Error(`Not an object: ${event.data}`);
  return value;
}

function candidateOf(chunk: JsonObject): JsonObject {
  const { candidates } = chunk;
  const first: unknown = Array.isArray(candidates) ? candidates[0] : undefined;
  if (!isJsonObject(first)) throw new Error(`No candidate: ${JSON.stringify(chunk)}`);
  return first;
}

/** No event names; one id and model; every chunk has a candidate with content; calls whole; one finish, in the last chunk. */
export function checkGeminiGrammar(written: readonly WireEvent[]): void {
  expect(written.every((event) => event.type === "")).toBe(true);
  const chunks = written.map(parse);
  expect(chunks.length).toBeGreaterThan(0);
  for (const key of ["responseId", "modelVersion"]) {
    expect(new Set(chunks.map((chunk) => chunk[key])).size).toBe(1);
    expect(chunks[0]?.[key]).toEqual(expect.stringMatching(/./u));
  }
  const finishes = chunks.map((chunk) => candidateOf(chunk)["finishReason"]);
  expect(finishes.filter((finish) => finish !== undefined)).toEqual([finishes.at(-1)]);
  expect(finishes.at(-1)).toEqual(expect.stringMatching(/^(?:STOP|MAX_TOKENS|SAFETY|OTHER)$/u));
  for (const chunk of chunks) {
    const content = candidateOf(chunk)["content"];
    if (!isJsonObject(content) || !Array.isArray(content["parts"])) throw new Error("A chunk without parts");
    expect(content["role"]).toBe("model");
    for (const part of content["parts"].filter(isJsonObject)) {
      expect(Object.keys(part).length).toBeGreaterThan(0);
      const call = part["functionCall"];
      if (call === undefined) continue;
      expect(call).toEqual(expect.objectContaining({ name: expect.stringMatching(/./u), args: expect.any(Object) }));
    }
  }
  const usages = chunks.slice(0, -1).filter((chunk) => chunk["usageMetadata"] !== undefined);
  expect(usages).toEqual([]);
}
