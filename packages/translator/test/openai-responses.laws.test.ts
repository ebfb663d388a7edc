import { type Block, isJsonObject, type JsonObject, type JsonValue, type WireEvent } from "@turnout/core";
import { openaiResponses } from "@turnout/translator";
import { expect } from "vitest";

import { loadCapturedRequests, loadRecordings } from "./corpus.ts";
import { describeLaws, plain } from "./laws.ts";

function parse(event: WireEvent): JsonObject {
  const value: unknown = JSON.parse(event.data);
  if (!isJsonObject(value)) throw new Error(`Not an object: ${event.data}`);
  return value;
}

/** Sequence numbers 0…n, every added item done once, and the terminal output equal to what was done. */
function checkGrammar(written: readonly WireEvent[]): void {
  const events = written.map(parse);
  expect(events.map((event) => event["sequence_number"])).toEqual(events.map((_, index) => index));
  expect(events.map((event) => event["type"])).toEqual(written.map((event) => event.type));
  expect(written.slice(0, 2).map((event) => event.type)).toEqual(["response.created", "response.in_progress"]);
  const added = events.filter((event) => event["type"] === "response.output_item.added");
  const done = events.filter((event) => event["type"] === "response.output_item.done");
  const byIndex = done.toSorted((left, right) => Number(left["output_index"]) - Number(right["output_index"]));
  expect(added.map((event) => event["output_index"])).toEqual(added.map((_, index) => index));
  expect(byIndex.map((event) => event["output_index"])).toEqual(added.map((_, index) => index));
  const response = events.at(-1)?.["response"];
  expect(isJsonObject(response) && response["output"]).toEqual(byIndex.map((event) => event["item"]));
  for (const opened of events.filter((event) => event["type"] === "response.content_part.added")) {
    const place = { item_id: opened["item_id"], content_index: opened["content_index"] };
    const matches = events.filter(
      (event) =>
        event["type"] === "response.content_part.done" &&
        event["item_id"] === place.item_id &&
        event["content_index"] === place.content_index,
    );
    expect(matches).toHaveLength(1);
  }
}

/**
 * A block without what an upstream writes differently each time it repeats an item: ids, and the encryption of payloads
 * (seen in every recording with `encrypted_content`: the terminal event never repeats that of `output_item.done`).
 */
function comparableBlock(block: Block): JsonValue {
  if (block.type === "opaque") return isJsonObject(block.value) ? { type: block.value["type"] } : null;
  const fields = block.extras?.fields;
  const item = fields?.["$item"];
  const { id: _id, ...rest } = isJsonObject(item) ? item : {};
  const { extras: _extras, ...bare } = block;
  if (bare.type === "tool-call" || bare.type === "reasoning") {
    const { itemId: _itemId, payload, ...other } = bare;
    return plain({ ...other, hasPayload: payload !== undefined, item: rest });
  }
  return plain({ ...bare, fields: { ...fields, $item: rest } });
}

describeLaws("openai-responses", {
  codec: openaiResponses,
  recordings: loadRecordings(["openai-responses", "openai-responses-compatible", "codex-responses"]),
  requests: loadCapturedRequests((body) => body["input"] !== undefined && body["messages"] === undefined),
  checkGrammar,
  // The tier is "auto" until the answer is over; a stream has said it by then.
  comparable: ({ id: _id, extras: _extras, serviceTier: _tier, blocks, ...response }) =>
    plain({ ...response, blocks: blocks.map(comparableBlock) }),
  exceptions: {
    "azure-deepseek-reasoning": "a Chat answer, filed under Responses",
    "openai-shell-container": "made by hand: its terminal event tells another text than its deltas",
  },
});
