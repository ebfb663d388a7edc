import type { Citation, JsonObject, StreamEvent } from "@turnout/core";

import type { LossCollector } from "../report.ts";
import {
  addArguments,
  addCitation,
  addText,
  closePart,
  isWholeCall,
  type ItemState,
  type PartState,
  reasoningPart,
} from "./item-state.ts";
import { decodeOutputItem } from "./output-decode.ts";

export interface ItemWriter {
  openReasoning(state: ItemState, out: StreamEvent[]): void;
  /** Opens the block once name and call id are known, with what came of the arguments before. */
  openCall(state: ItemState, out: StreamEvent[]): void;
  addArguments(state: ItemState, delta: string, out: StreamEvent[]): void;
  finishArguments(state: ItemState, whole: string, out: StreamEvent[]): void;
  part(state: ItemState, kind: "text" | "refusal", contentIndex: number, out: StreamEvent[]): PartState;
  addText(part: PartState, delta: string, out: StreamEvent[]): void;
  finishText(part: PartState, whole: string, out: StreamEvent[]): void;
  addCitation(part: PartState, citation: Citation, out: StreamEvent[]): void;
  addReasoning(state: ItemState, form: "summary" | "raw", index: number, delta: string, out: StreamEvent[]): void;
  finishReasoning(state: ItemState, form: "summary" | "raw", index: number, whole: string, out: StreamEvent[]): void;
  /** Emits what of the finished item was not emitted yet, and closes its blocks. */
  finish(state: ItemState, item: JsonObject, model: string | undefined, out: StreamEvent[]): void;
  /** Closes what the upstream left open; a call without its whole arguments is incomplete. */
  abandon(state: ItemState, out: StreamEvent[]): void;
  /** What the answer held, for the finish reason. */
  readonly hasCalls: boolean;
  readonly hasRefusal: boolean;
}

const callTypes: ReadonlyMap<string, "function" | "custom"> = new Map([
  ["function_call", "function"],
  ["custom_tool_call", "custom"],
]);

/** Turns the life of items into events, and knows what was already emitted of each. */
export function createItemWriter(losses: LossCollector): ItemWriter {
  let blocks = 0;
  let hasCalls = false;
  let hasRefusal = false;

  /** What `whole` adds to what was emitted. When both differ, the deltas are what the client has seen: they stay. */
  function missing(emitted: string, whole: string): string {
    if (emitted === whole) return "";
    if (emitted === "") return whole;
    if (whole.startsWith(emitted)) return whole.slice(emitted.length);
    losses.approximated("output", "deltas differ from the whole text the upstream repeated");
    return "";
  }

  function openReasoning(state: ItemState, out: StreamEvent[]): void {
    if (state.block !== -1) return;
    state.block = blocks++;
    const { itemId } = state;
    out.push({
      type: "block-start",
      block: state.block,
      opening: itemId === undefined ? { kind: "reasoning" } : { kind: "reasoning", itemId },
    });
  }

  function openCall(state: ItemState, out: StreamEvent[]): void {
    const toolKind = callTypes.get(state.type);
    // Tools the provider runs itself may have names and call ids too (xAI's web search).
    if (toolKind === undefined || state.block !== -1) return;
    if (state.name === undefined || state.callId === undefined) return;
    state.block = blocks++;
    hasCalls = true;
    const { itemId, callId, name, namespace } = state;
    out.push({
      type: "block-start",
      block: state.block,
      opening: {
        kind: "tool-call",
        callId,
        ...(itemId !== undefined && { itemId }),
        name,
        ...(namespace !== undefined && { namespace }),
        toolKind,
      },
    });
    if (state.text !== "") out.push({ type: "tool-call-delta", block: state.block, argumentsDelta: state.text });
  }

  function finishArguments(state: ItemState, whole: string, out: StreamEvent[]): void {
    if (state.isDone) return;
    addArguments(state, missing(state.text, whole), out);
    state.isTextDone = true;
  }

  function part(state: ItemState, kind: "text" | "refusal", contentIndex: number, out: StreamEvent[]): PartState {
    for (const known of state.parts) if (known.contentIndex === contentIndex && known.kind === kind) return known;
    const opened: PartState = { kind, contentIndex, block: blocks++, text: "", citations: 0 };
    state.parts.push(opened);
    if (kind === "refusal") hasRefusal = true;
    out.push({ type: "block-start", block: opened.block, opening: { kind } });
    return opened;
  }

  function finishText(opened: PartState, whole: string, out: StreamEvent[]): void {
    addText(opened, missing(opened.text, whole), out);
  }

  function addReasoning(
    state: ItemState,
    form: "summary" | "raw",
    index: number,
    delta: string,
    out: StreamEvent[],
  ): void {
    if (state.isDone) return;
    openReasoning(state, out);
    const number = reasoningPart(state, form, index);
    const entry = state.reasoning[number];
    if (entry === undefined || (delta === "" && entry.emitted)) return;
    entry.text += delta;
    entry.emitted = true;
    out.push({ type: "reasoning-delta", block: state.block, part: number, form, delta });
  }

  function finishReasoning(
    state: ItemState,
    form: "summary" | "raw",
    index: number,
    whole: string,
    out: StreamEvent[],
  ): void {
    if (state.isDone) return;
    const emitted = state.reasoning[reasoningPart(state, form, index)]?.text ?? "";
    addReasoning(state, form, index, missing(emitted, whole), out);
  }

  function finishMessage(state: ItemState, item: JsonObject, out: StreamEvent[]): void {
    const decoded = decodeOutputItem(item, undefined);
    const [first] = decoded;
    const open = new Set(state.parts);
    if (first?.type === "opaque") {
      if (open.size === 0) out.push({ type: "raw", wire: "openai-responses", value: item });
    } else if (first?.extras?.fields["$form"] === "empty" && open.size > 0) {
      losses.approximated("output", "the finished message lacks the text that was streamed");
    } else {
      for (const [index, block] of decoded.entries()) {
        if (block.type !== "text" && block.type !== "refusal") continue;
        const opened = part(state, block.type, index, out);
        open.delete(opened);
        finishText(opened, block.text, out);
        const citations = block.type === "text" ? (block.citations ?? []) : [];
        for (const citation of citations.slice(opened.citations)) addCitation(opened, citation, out);
        closePart(opened, block.extras, out);
      }
    }
    for (const opened of open) closePart(opened, undefined, out);
  }

  function finishCall(state: ItemState, item: JsonObject, out: StreamEvent[]): void {
    const [block] = decodeOutputItem(item, undefined);
    if (block?.type !== "tool-call") {
      if (state.block === -1) out.push({ type: "raw", wire: "openai-responses", value: item });
      else abandonCall(state, out);
      return;
    }
    state.callId ??= block.callId;
    state.name ??= block.name;
    state.namespace ??= block.namespace;
    openCall(state, out);
    finishArguments(state, block.arguments, out);
    const isCut = block.incomplete === true || !isWholeCall(state);
    out.push({
      type: "block-stop",
      block: state.block,
      ...(isCut && { incomplete: true }),
      ...(block.extras !== undefined && { extras: block.extras }),
    });
  }

  function abandonCall(state: ItemState, out: StreamEvent[]): void {
    // Arguments without a name are still a call (T87); without arguments there is nothing to keep.
    if (state.block === -1 && state.text === "") return;
    state.name ??= `tool_${blocks}`;
    state.callId ??= state.itemId ?? "";
    openCall(state, out);
    const isWhole = state.isTextDone ? isWholeCall(state) : state.text !== "" && isWholeCall(state);
    out.push(
      isWhole
        ? { type: "block-stop", block: state.block }
        : { type: "block-stop", block: state.block, incomplete: true },
    );
  }

  function finishReasoningItem(
    state: ItemState,
    item: JsonObject,
    model: string | undefined,
    out: StreamEvent[],
  ): void {
    const [block] = decodeOutputItem(item, model);
    if (block?.type !== "reasoning") {
      if (state.block === -1) out.push({ type: "raw", wire: "openai-responses", value: item });
      else out.push({ type: "block-stop", block: state.block });
      return;
    }
    openReasoning(state, out);
    const counts = { summary: 0, raw: 0 };
    for (const { form, text } of block.parts) finishReasoning(state, form, counts[form]++, text, out);
    const { payload, provenance, extras } = block;
    out.push({
      type: "block-stop",
      block: state.block,
      ...(payload !== undefined && { payload }),
      ...(provenance !== undefined && { provenance }),
      ...(extras !== undefined && { extras }),
    });
  }

  function finish(state: ItemState, item: JsonObject, model: string | undefined, out: StreamEvent[]): void {
    if (state.isDone) return;
    switch (state.type) {
      case "message":
        finishMessage(state, item, out);
        break;
      case "reasoning":
        finishReasoningItem(state, item, model, out);
        break;
      case "function_call":
      case "custom_tool_call":
        finishCall(state, item, out);
        break;
      default:
        out.push({ type: "raw", wire: "openai-responses", value: item });
    }
    state.isDone = true;
  }

  function abandon(state: ItemState, out: StreamEvent[]): void {
    if (state.isDone) return;
    switch (state.type) {
      case "message":
        for (const opened of state.parts) closePart(opened, undefined, out);
        break;
      case "reasoning":
        if (state.block !== -1) out.push({ type: "block-stop", block: state.block });
        break;
      case "function_call":
      case "custom_tool_call":
        abandonCall(state, out);
        break;
      default:
        losses.dropped("output", `unfinished ${state.type}`);
    }
    state.isDone = true;
  }

  return {
    openReasoning,
    openCall,
    addArguments,
    finishArguments,
    part,
    addText,
    finishText,
    addCitation,
    addReasoning,
    finishReasoning,
    finish,
    abandon,
    get hasCalls() {
      return hasCalls;
    },
    get hasRefusal() {
      return hasRefusal;
    },
  };
}
