import {
  type AnyRouterError,
  type Block,
  type JsonObject,
  type ModelResponse,
  RouterError,
  type StreamEvent,
  type WireEvent,
} from "@turnout/core";
import type { Codec } from "@turnout/translator";
import { expect } from "vitest";

import { contextFor } from "./laws.ts";

// What tests of one format told in another have in common: laws 3, 5 and 8 of translation.md section 8.

/** What all formats can say besides calls, in an order all can say it. */
export function toldWords({ blocks, usage }: ModelResponse) {
  return {
    text: blocks.map((block) => (block.type === "text" ? block.text : "")).join(""),
    refusal: blocks.map((block) => (block.type === "refusal" ? block.text : "")).join(""),
    thoughts: blocks
      .map((block) => (block.type === "reasoning" ? block.parts.map((part) => part.text).join("\n\n") : ""))
      .filter((text) => text !== "")
      .join("\n\n"),
    counts: { output: usage?.output ?? 0, reasoning: usage?.reasoning ?? 0, cacheRead: usage?.cacheRead ?? 0 },
  };
}

/** A stream in the words of another format, with the failure it ended in. */
export function writeStream(codec: Codec, events: readonly StreamEvent[], failure?: AnyRouterError): WireEvent[] {
  const encoder = codec.createEventEncoder(contextFor("client-model"));
  const written: WireEvent[] = [];
  for (const event of events) encoder.encode(event, written);
  if (failure !== undefined) written.push(...encoder.fail(failure, "request-1"));
  else if (codec.endOfStream !== undefined) written.push(codec.endOfStream);
  return written;
}

/** Law 8: every result finds its call. */
function checkPairs(blocks: readonly Block[]): void {
  const calls = new Set<string>();
  for (const block of blocks) {
    if (block.type === "tool-call") {
      expect(block.callId).toMatch(/./u);
      calls.add(block.callId);
    }
    if (block.type === "tool-result") expect(calls.has(block.callId), `result of ${block.callId}`).toBe(true);
  }
}

/** Law 3 for requests; what would change the meaning is refused with the path of what it is about. */
export function isCarriedOrRefused(from: Codec, to: Codec, body: JsonObject): boolean {
  // Some formats have the model in the address, not in the body.
  const place = to.requestPlace === "address" ? { model: "a-model" } : {};
  const write = () => to.encodeRequest(from.decodeRequest(body).value, place).value;
  let written: JsonObject;
  try {
    written = write();
  } catch (error) {
    if (!RouterError.is(error)) throw error;
    expect(error.code).toBe("request-invalid");
    expect(error.details).toHaveProperty("path", expect.stringMatching(/./u));
    return true;
  }
  const again = to.decodeRequest({ ...written, ...place }).value;
  // Law 10: same request, same bytes.
  expect(JSON.stringify(write())).toBe(JSON.stringify(written));
  checkPairs(again.turns.flatMap((turn) => turn.blocks));
  return again.turns.length > 0;
}
