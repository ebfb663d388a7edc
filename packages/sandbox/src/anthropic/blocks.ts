import type { JsonObject, JsonValue } from "@turnout/core";
import { parseObject } from "../json.ts";
import { sliceText } from "../script/slices.ts";
import { argumentsText, type CallStep, type SpokenStep } from "../script/timed-steps.ts";
import { numberHole, textHole } from "../wire/holes.ts";
import { frame, type Frame } from "../wire/rendered-answer.ts";
import { signature } from "../wire/signatures.ts";
import { redactedContent, thinkingContent } from "./thinking-rules.ts";

/** One content block: how it starts, grows, and what it is in the end. */
interface DraftBlock {
  readonly start: JsonObject;
  readonly deltas: readonly JsonObject[];
  readonly block: JsonObject;
}

function hex4(index: number): string {
  return index.toString(16).padStart(4, "0");
}

/** A `url_citation` of the script as a citation of a search result. */
function citation(annotation: Readonly<Record<string, JsonValue>>, text: string): JsonObject[] {
  if (annotation.type !== "url_citation") return [];
  const start = typeof annotation.start_index === "number" ? annotation.start_index : 0;
  const end = typeof annotation.end_index === "number" ? annotation.end_index : text.length;
  return [
    {
      type: "web_search_result_location",
      url: annotation.url ?? null,
      title: annotation.title ?? null,
      cited_text: text.slice(start, end),
      encrypted_index: signature("citation", 60),
    },
  ];
}

function textBlock(step: SpokenStep & { type: "text" | "json" }): DraftBlock {
  const text = step.type === "json" ? JSON.stringify(step.value) : step.text;
  const citations = step.type === "json" ? [] : step.annotations.flatMap((each) => citation(each, text));
  const withCitations = citations.length === 0 ? {} : { citations };
  return {
    start: { type: "text", text: "", ...(citations.length === 0 ? {} : { citations: [] }) },
    deltas: [
      ...sliceText(text, step).map((delta) => ({ type: "text_delta", text: delta })),
      ...citations.map((each) => ({ type: "citations_delta", citation: each })),
    ],
    block: { type: "text", text, ...withCitations },
  };
}

function thinkingBlock(step: SpokenStep & { type: "reasoning" }, visible: boolean): DraftBlock {
  const text = visible ? step.summary.join("\n\n") : "";
  const sealed = signature(thinkingContent(text), step.encryptedLength);
  return {
    start: { type: "thinking", thinking: "", signature: "" },
    deltas: [
      ...sliceText(text, step).map((delta) => ({ type: "thinking_delta", thinking: delta })),
      { type: "signature_delta", signature: sealed },
    ],
    block: { type: "thinking", thinking: text, signature: sealed },
  };
}

function callBlock(step: CallStep, index: number): DraftBlock {
  const text = argumentsText(step);
  const shell = { type: "tool_use", id: step.callId ?? `toolu_${textHole("token")}${hex4(index)}`, name: step.name };
  const pieces = text === "{}" ? [] : sliceText(text, step);
  return {
    start: { ...shell, input: {} },
    // Recorded: the first piece is empty.
    deltas: ["", ...pieces].map((piece) => ({ type: "input_json_delta", partial_json: piece })),
    block: { ...shell, input: parseObject(text) },
  };
}

function searchBlocks(query: string, index: number): DraftBlock[] {
  const id = `srvtoolu_${textHole("token")}${hex4(index)}`;
  const shell = { type: "server_tool_use", id, name: "web_search" };
  const result = {
    type: "web_search_tool_result",
    tool_use_id: id,
    content: [
      {
        type: "web_search_result",
        title: `About ${query}`,
        url: "https://example.com/",
        encrypted_content: signature("search", 120),
        page_age: null,
      },
    ],
  };
  return [
    {
      start: { ...shell, input: {} },
      deltas: ["", JSON.stringify({ query })].map((piece) => ({ type: "input_json_delta", partial_json: piece })),
      block: { ...shell, input: { query } },
    },
    { start: result, deltas: [], block: result },
  ];
}

function compactionBlock(length: number): DraftBlock {
  const content = "Summary of the conversation so far.";
  const sealed = signature(redactedContent, length);
  return {
    start: { type: "compaction", content: null },
    deltas: [{ type: "compaction_delta", content, encrypted_content: sealed }],
    block: { type: "compaction", content, encrypted_content: sealed },
  };
}

export interface BlockContext {
  /** `off`: steps of reasoning are not shown at all. `hidden`: their signature only. */
  readonly thinking: "off" | "hidden" | "visible";
}

/** The blocks of a step, in order; none for steps that are no content. */
function draftBlocks(step: SpokenStep, index: number, { thinking }: BlockContext): DraftBlock[] {
  switch (step.type) {
    case "text":
    case "json":
      return [textBlock(step)];
    case "reasoning":
      return thinking === "off" ? [] : [thinkingBlock(step, thinking === "visible")];
    case "function-call":
    case "custom-tool-call":
      return [callBlock(step, index)];
    case "web-search":
      return searchBlocks(step.query, index);
    case "compaction":
      return [compactionBlock(step.encryptedLength)];
    default:
      return [];
  }
}

const ping = frame("ping", { type: "ping" });

/** Collects the blocks of an answer and their frames. */
export function createBlockWriter(context: BlockContext) {
  const content: JsonObject[] = [];

  function framesOf({ start, deltas, block }: DraftBlock): Frame[] {
    const index = content.length;
    content.push(block);
    return [
      frame("content_block_start", { type: "content_block_start", index, content_block: start }),
      // Recorded: directly after the first start.
      ...(index === 0 ? [ping] : []),
      ...deltas.map((delta) => frame("content_block_delta", { type: "content_block_delta", index, delta })),
      frame("content_block_stop", { type: "content_block_stop", index }),
    ];
  }

  function write(step: SpokenStep): Frame[] {
    if (step.type === "raw") return [frame(step.event.type, step.event)];
    if (step.type === "keep-alive") return Array.from({ length: step.count }, () => ping);
    return draftBlocks(step, content.length, context).flatMap(framesOf);
  }

  return { content, write };
}

/** Usage at the start, where nothing but the prompt is known. */
export const inputUsage: JsonObject = {
  input_tokens: numberHole("fresh"),
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: numberHole("cached"),
};
