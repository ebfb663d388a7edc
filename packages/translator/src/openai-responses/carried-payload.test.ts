import { type JsonObject, type StreamEvent, type WireEvent } from "@turnout/core";
import { expect, test } from "vitest";

import { wrapPayload } from "../payload-envelope.ts";
import { createEventEncoder } from "./event-encoder.ts";
import { decodeRequest } from "./request-decode.ts";
import { encodeRequest } from "./request-encode.ts";

const request = decodeRequest({ model: "m", input: "Hi" }).value;
const provenance = { wire: "anthropic-messages", model: "claude" } as const;

function outputOf(events: readonly StreamEvent[]): JsonObject[] {
  const encoder = createEventEncoder({ request, model: "m", createdAt: 1, idSeed: "0".repeat(48) });
  const out: WireEvent[] = [];
  encoder.encode({ type: "start", responseId: "r", model: "m" }, out);
  for (const event of events) encoder.encode(event, out);
  encoder.encode({ type: "finish", reason: "stop" }, out);
  return JSON.parse(out.at(-1)?.data ?? "").response.output;
}

test("a payload of another provider comes back with the client's next request, byte for byte (law 9)", () => {
  const input = outputOf([
    { type: "block-start", block: 0, opening: { kind: "reasoning" } },
    { type: "reasoning-delta", block: 0, part: 0, form: "summary", delta: "hm" },
    { type: "block-stop", block: 0, payload: "sig==/+é", provenance },
    { type: "block-start", block: 1, opening: { kind: "reasoning", redacted: true } },
    { type: "block-stop", block: 1, payload: "hidden", provenance },
  ]);
  const body = { model: "m", input };
  const { value } = decodeRequest(body);
  expect(value.turns[0]?.blocks).toMatchObject([
    { type: "reasoning", parts: [{ form: "summary", text: "hm" }], payload: "sig==/+é", provenance },
    { type: "reasoning", parts: [], payload: "hidden", provenance, redacted: true },
  ]);
  expect(encodeRequest(value).value).toEqual(body);
});

test("a call's signature follows the call in an item of its own and finds it again", () => {
  const input = outputOf([
    { type: "block-start", block: 0, opening: { kind: "tool-call", callId: "c1", name: "f", toolKind: "function" } },
    { type: "block-stop", block: 0, payload: "signature", provenance: { wire: "gemini" } },
    { type: "block-start", block: 1, opening: { kind: "tool-call", callId: "c2", name: "f", toolKind: "function" } },
    { type: "block-stop", block: 1 },
  ]);
  expect(input.map((item) => item["type"])).toEqual(["function_call", "reasoning", "function_call"]);
  const body = { model: "m", input };
  const { value } = decodeRequest(body);
  expect(value.turns[0]?.blocks).toMatchObject([
    { type: "tool-call", callId: "c1", payload: "signature" },
    { type: "tool-call", callId: "c2" },
  ]);
  expect(encodeRequest(value).value).toEqual(body);
});

test("a signature without its call, and an envelope that was changed on its way, stay what they are", () => {
  const signature = wrapPayload({ provenance: { wire: "gemini" }, payload: "s", callId: "gone" });
  // The same fields in another order: it could be read, but not written the same way again.
  const reordered = `rs1.${btoa('{"p":"s","f":"gemini"}').replaceAll("=", "")}`;
  for (const encrypted of [signature, `${signature}x`, reordered, "rs1.", "rs1.e30"]) {
    const body = { model: "m", input: [{ type: "reasoning", summary: [], encrypted_content: encrypted }] };
    expect(encodeRequest(decodeRequest(body).value).value).toEqual(body);
  }
});
