import type { JsonObject, JsonValue } from "@turnout/core";
import type { Minter } from "../minter.ts";
import type { ParsedStep } from "./schema.ts";
import { sliceText, type Slicing } from "./slices.ts";
import { tokenMark } from "./template.ts";

/** An event before it has its sequence number and delay. */
export interface DraftEvent {
  readonly type: string;
  readonly fields: JsonObject;
}

/** One output item: the events that build it up, and what it is in the end. */
export interface DraftItem {
  readonly events: readonly DraftEvent[];
  readonly item: JsonObject;
}

export interface ItemContext {
  readonly minter: Pick<Minter, "payload">;
  readonly outputIndex: number;
  /** The request asked for `reasoning.encrypted_content`. */
  readonly encrypted: boolean;
}

// Recorded ids are 48 to 50 characters after the prefix.
const idTail = "5a4db0c5a4db0c5a4db0c5a4";

function hex4(index: number): string {
  return index.toString(16).padStart(4, "0");
}

function itemId(prefix: string, outputIndex: number): string {
  return `${prefix}_${tokenMark}${hex4(outputIndex)}${idTail}`;
}

export const responseId = `resp_${tokenMark}${idTail}5a4d`;

function draft(type: string, fields: JsonObject): DraftEvent {
  return { type, fields };
}

function wrap(context: ItemContext, opened: JsonObject, inner: readonly DraftEvent[], item: JsonObject): DraftItem {
  const position = { output_index: context.outputIndex };
  return {
    item,
    events: [
      draft("response.output_item.added", { ...position, item: opened }),
      ...inner,
      draft("response.output_item.done", { ...position, item }),
    ],
  };
}

interface MessageOptions {
  readonly part: (text: string) => JsonObject;
  readonly event: "response.output_text" | "response.refusal";
  readonly doneField: "text" | "refusal";
  readonly phase?: string | undefined;
  readonly annotations?: readonly JsonObject[];
}

/** A message with one content part, as text or as refusal. */
function messageItem(context: ItemContext, text: string, slicing: Slicing, options: MessageOptions): DraftItem {
  const id = itemId("msg", context.outputIndex);
  const phase = options.phase === undefined ? {} : { phase: options.phase };
  const shell = { id, type: "message", role: "assistant", ...phase };
  const at = { item_id: id, output_index: context.outputIndex, content_index: 0 };
  const logprobs = options.event === "response.output_text" ? { logprobs: [] } : {};
  const annotations = options.annotations ?? [];
  const finalPart = {
    ...options.part(text),
    ...(annotations.length === 0 ? {} : { annotations: [...annotations] }),
  };
  return wrap(
    context,
    { ...shell, status: "in_progress", content: [] },
    [
      draft("response.content_part.added", { ...at, part: options.part("") }),
      ...sliceText(text, slicing).map((delta) => draft(`${options.event}.delta`, { ...at, delta, ...logprobs })),
      ...annotations.map((annotation, index) =>
        draft("response.output_text.annotation.added", { ...at, annotation_index: index, annotation }),
      ),
      draft(`${options.event}.done`, { ...at, [options.doneField]: text, ...logprobs }),
      draft("response.content_part.done", { ...at, part: finalPart }),
    ],
    { ...shell, status: "completed", content: [finalPart] },
  );
}

function textItem(
  context: ItemContext,
  text: string,
  slicing: Slicing,
  phase?: string,
  annotations: readonly JsonObject[] = [],
): DraftItem {
  return messageItem(context, text, slicing, {
    part: (partText) => ({ type: "output_text", text: partText, annotations: [], logprobs: [] }),
    event: "response.output_text",
    doneField: "text",
    phase,
    annotations,
  });
}

function reasoningItem(context: ItemContext, step: ParsedStep & { type: "reasoning" }): DraftItem {
  const id = itemId("rs", context.outputIndex);
  const at = { item_id: id, output_index: context.outputIndex };
  const secret = (kind: "added" | "done"): JsonObject =>
    context.encrypted
      ? {
          encrypted_content: context.minter.payload(tokenMark, kind, context.outputIndex % 256, step.encryptedLength),
        }
      : {};
  const inner = step.summary.flatMap((text, index) => {
    const part = { ...at, summary_index: index };
    return [
      draft("response.reasoning_summary_part.added", { ...part, part: { type: "summary_text", text: "" } }),
      ...sliceText(text, step).map((delta) => draft("response.reasoning_summary_text.delta", { ...part, delta })),
      draft("response.reasoning_summary_text.done", { ...part, text }),
      draft("response.reasoning_summary_part.done", { ...part, part: { type: "summary_text", text } }),
    ];
  });
  const summary = step.summary.map((text) => ({ type: "summary_text", text }));
  return wrap(context, { id, type: "reasoning", summary: [], ...secret("added") }, inner, {
    id,
    type: "reasoning",
    summary,
    ...secret("done"),
  });
}

type CallStep = ParsedStep & { type: "function-call" | "custom-tool-call" };

function callItem(context: ItemContext, step: CallStep): DraftItem {
  const custom = step.type === "custom-tool-call";
  const id = itemId(custom ? "ctc" : "fc", context.outputIndex);
  const field = custom ? "input" : "arguments";
  const text = custom ? step.input : jsonText(step.arguments);
  const event = custom ? "response.custom_tool_call_input" : "response.function_call_arguments";
  const at = { item_id: id, output_index: context.outputIndex };
  const shell = {
    id,
    type: custom ? "custom_tool_call" : "function_call",
    call_id: step.callId ?? `call_${tokenMark}${hex4(context.outputIndex)}`,
    name: step.name,
    ...(step.namespace === undefined ? {} : { namespace: step.namespace }),
  };
  return wrap(
    context,
    { ...shell, status: "in_progress", [field]: "" },
    [
      ...sliceText(text, step).map((delta) => draft(`${event}.delta`, { ...at, delta })),
      draft(`${event}.done`, { ...at, [field]: text, ...(custom ? {} : { name: step.name }) }),
    ],
    { ...shell, status: "completed", [field]: text },
  );
}

function jsonText(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function webSearchItem(context: ItemContext, query: string): DraftItem {
  const id = itemId("ws", context.outputIndex);
  const at = { item_id: id, output_index: context.outputIndex };
  const action = { type: "search", query, queries: [query] };
  return wrap(
    context,
    { id, type: "web_search_call", status: "in_progress" },
    ["in_progress", "searching", "completed"].map((state) => draft(`response.web_search_call.${state}`, at)),
    { id, type: "web_search_call", status: "completed", action },
  );
}

function compactionItem(context: ItemContext, length: number): DraftItem {
  const id = itemId("cmp", context.outputIndex);
  const payload = (kind: "added" | "done") =>
    context.minter.payload(tokenMark, kind, context.outputIndex % 256, length);
  return wrap(context, { id, type: "compaction", encrypted_content: payload("added") }, [], {
    id,
    type: "compaction",
    encrypted_content: payload("done"),
  });
}

/** The output item of a step; undefined for steps that are no output. */
export function draftItem(context: ItemContext, step: ParsedStep): DraftItem | undefined {
  switch (step.type) {
    case "text":
      return textItem(context, step.text, step, step.phase, step.annotations);
    case "json":
      return textItem(context, JSON.stringify(step.value), step);
    case "refusal":
      return messageItem(context, step.refusal, step, {
        part: (refusal) => ({ type: "refusal", refusal }),
        event: "response.refusal",
        doneField: "refusal",
      });
    case "reasoning":
      return reasoningItem(context, step);
    case "function-call":
    case "custom-tool-call":
      return callItem(context, step);
    case "web-search":
      return webSearchItem(context, step.query);
    case "compaction":
      return compactionItem(context, step.encryptedLength);
    default:
      return undefined;
  }
}
