import type { BlockOpening, Extras, JsonObject, Provenance, StreamEvent, WireEvent } from "@turnout/core";

import { reportCitationPayload } from "../foreign-extras.ts";
import { makeItemId, mapToolCallId } from "../ids.ts";
import type { LossCollector } from "../report.ts";
import type { ToolNames } from "../tool-names.ts";
import { encryptedContent } from "./carried-payload.ts";
import { type EventWriter, quote } from "./event-writer.ts";
import { objectField, ownFields, wire } from "./extras.ts";
import { encodeCitation } from "./parts.ts";
import { addReasoning, finishReasoning, openReasoning, type ReasoningItem } from "./reasoning-writer.ts";

type StopEvent = Extract<StreamEvent, { type: "block-stop" }>;
type CallOpening = Extract<BlockOpening, { kind: "tool-call" }>;

/** A message item; it stays open after its text, because a refusal may follow in the same item. */
interface MessageItem {
  readonly id: string;
  readonly outputIndex: number;
  /** Finished parts as JSON text. */
  readonly parts: string[];
  phase: string | undefined;
}

interface ContentBlock {
  readonly kind: "text" | "refusal";
  readonly message: MessageItem;
  /** `item_id`, `output_index` and `content_index` as JSON text with a leading comma. */
  readonly place: string;
  readonly contentIndex: number;
  text: string;
  readonly annotations: string[];
}

interface CallItem {
  readonly kind: "tool-call";
  readonly id: string;
  readonly outputIndex: number;
  readonly place: string;
  readonly opening: CallOpening;
  readonly callId: string;
  text: string;
}

type OpenBlock = ContentBlock | ReasoningItem | CallItem;

export interface OutputWriter {
  open(block: number, opening: BlockOpening, out: WireEvent[]): void;
  addText(block: number, delta: string, out: WireEvent[]): void;
  addReasoning(event: Extract<StreamEvent, { type: "reasoning-delta" }>, out: WireEvent[]): void;
  addArguments(block: number, delta: string, out: WireEvent[]): void;
  addCitation(event: Extract<StreamEvent, { type: "citation" }>, out: WireEvent[]): void;
  stop(event: StopEvent, out: WireEvent[]): void;
  addItem(item: JsonObject, out: WireEvent[]): void;
  /** Closes everything that is still open; `isCut` marks the last message as incomplete. */
  close(isCut: boolean, out: WireEvent[]): void;
  /** The finished items as the JSON text of a list, in the order of their indexes. */
  readonly output: string;
  readonly hasRefusal: boolean;
}

export interface OutputWriterOptions {
  readonly events: EventWriter;
  readonly losses: LossCollector;
  readonly idSeed: string;
  /** The client's tools, to turn names back. */
  readonly names: ToolNames;
}

/** The upstream's item id where it is one of this kind, so that clients may send it back. */
function itemId(given: string | undefined, prefix: string, seed: string, outputIndex: number): string {
  return given?.startsWith(prefix) === true && given.length <= 64 ? given : makeItemId(prefix, seed, outputIndex);
}

function phaseOf(extras: Extras | undefined): string | undefined {
  const phase = objectField(ownFields(extras), "$item")["phase"];
  return typeof phase === "string" ? phase : undefined;
}

/** Writes the items of an answer: each is added, filled, and done once; what is done is what the terminal event repeats. */
export function createOutputWriter(options: OutputWriterOptions): OutputWriter {
  const { events, losses, idSeed, names } = options;
  const open = new Map<number, OpenBlock>();
  const done: string[] = [];
  /** One counter for items of every kind (T91). */
  let outputIndex = 0;
  let pending: MessageItem | undefined;
  let hasRefusal = false;

  function itemDone(index: number, item: string, out: WireEvent[]): void {
    done[index] = item;
    events.write(out, "response.output_item.done", `,"output_index":${index},"item":${item}`);
  }

  function closeMessage(status: "completed" | "incomplete", out: WireEvent[]): void {
    if (pending === undefined) return;
    const { id, outputIndex: index, parts, phase } = pending;
    const said = phase === undefined ? "" : `,"phase":${quote(phase)}`;
    const item = `{"id":${quote(id)},"type":"message","status":"${status}","role":"assistant"${said},"content":[${parts.join(",")}]}`;
    pending = undefined;
    itemDone(index, item, out);
  }

  function openMessage(out: WireEvent[]): MessageItem {
    const index = outputIndex++;
    const message: MessageItem = {
      id: makeItemId("msg_", idSeed, index),
      outputIndex: index,
      parts: [],
      phase: undefined,
    };
    events.write(
      out,
      "response.output_item.added",
      `,"output_index":${index},"item":{"id":${quote(message.id)},"type":"message","status":"in_progress","role":"assistant","content":[]}`,
    );
    return message;
  }

  function openContent(block: number, kind: "text" | "refusal", out: WireEvent[]): void {
    // A refusal after text is a second part of the same message; anything else begins a new one.
    const shared = kind === "refusal" ? pending : undefined;
    if (shared === undefined) closeMessage("completed", out);
    pending = undefined;
    const message = shared ?? openMessage(out);
    const contentIndex = message.parts.length;
    const place = `,"item_id":${quote(message.id)},"output_index":${message.outputIndex},"content_index":${contentIndex}`;
    const part = kind === "text" ? textPart("", []) : refusalPart("");
    if (kind === "refusal") hasRefusal = true;
    open.set(block, { kind, message, place, contentIndex, text: "", annotations: [] });
    events.write(out, "response.content_part.added", `${place},"part":${part}`);
  }

  function stopContent(block: ContentBlock, event: StopEvent, out: WireEvent[]): void {
    const { kind, message, place, text } = block;
    const part = kind === "text" ? textPart(text, block.annotations) : refusalPart(text);
    if (kind === "text") events.write(out, "response.output_text.done", `${place},"text":${quote(text)},"logprobs":[]`);
    else events.write(out, "response.refusal.done", `${place},"refusal":${quote(text)}`);
    events.write(out, "response.content_part.done", `${place},"part":${part}`);
    message.parts.push(part);
    message.phase ??= phaseOf(event.extras);
    // Blocks may interleave: a message that waited meanwhile is done now.
    closeMessage("completed", out);
    pending = message;
  }

  function callItem(call: CallItem, status: string): string {
    const { name, namespace } = clientName(call.opening);
    const space = namespace === undefined ? "" : `,"namespace":${quote(namespace)}`;
    const isCustom = call.opening.toolKind === "custom";
    const type = isCustom ? "custom_tool_call" : "function_call";
    const field = isCustom ? "input" : "arguments";
    return `{"id":${quote(call.id)},"type":"${type}","status":"${status}","${field}":${quote(call.text)},"call_id":${quote(call.callId)},"name":${quote(name)}${space}}`;
  }

  function clientName(opening: CallOpening): { readonly name: string; readonly namespace?: string } {
    const { name, namespace } = opening;
    if (namespace !== undefined) return { name, namespace };
    return names.fromWire(name) ?? { name };
  }

  function openCall(block: number, opening: CallOpening, out: WireEvent[]): void {
    closeMessage("completed", out);
    const index = outputIndex++;
    const id = itemId(opening.itemId, opening.toolKind === "custom" ? "ctc_" : "fc_", idSeed, index);
    const callId = mapToolCallId(opening.callId === "" ? id : opening.callId, wire);
    const place = `,"item_id":${quote(id)},"output_index":${index}`;
    const call: CallItem = { kind: "tool-call", id, outputIndex: index, place, opening, callId, text: "" };
    open.set(block, call);
    const item = callItem(call, "in_progress");
    events.write(out, "response.output_item.added", `,"output_index":${index},"item":${item}`);
  }

  function addCallText(call: CallItem, delta: string, out: WireEvent[]): void {
    call.text += delta;
    const type =
      call.opening.toolKind === "custom"
        ? "response.custom_tool_call_input.delta"
        : "response.function_call_arguments.delta";
    events.write(out, type, `${call.place},"delta":${quote(delta)}`);
  }

  function stopCall(call: CallItem, event: StopEvent, out: WireEvent[]): void {
    if (event.incomplete === true) {
      // No `arguments.done`: a client must not take half a call for a whole one (T96).
      itemDone(call.outputIndex, callItem(call, "incomplete"), out);
      return;
    }
    const isCustom = call.opening.toolKind === "custom";
    // A call without parameters: clients parse the text as JSON.
    if (!isCustom && call.text === "") addCallText(call, "{}", out);
    const text = quote(call.text);
    if (isCustom) {
      events.write(out, "response.custom_tool_call_input.done", `${call.place},"input":${text}`);
    } else {
      const name = quote(clientName(call.opening).name);
      events.write(out, "response.function_call_arguments.done", `${call.place},"name":${name},"arguments":${text}`);
    }
    itemDone(call.outputIndex, callItem(call, "completed"), out);
    if (event.payload !== undefined) writeSignature(call, event.payload, event.provenance, out);
  }

  /** A call has no place for a signature here, so it follows in an item of its own that the client sends back. */
  function writeSignature(call: CallItem, payload: string, from: Provenance | undefined, out: WireEvent[]): void {
    // Gemini is the only one that signs calls.
    const provenance = from ?? { wire: "gemini" };
    const id = makeItemId("rs_", idSeed, outputIndex);
    const encrypted = encryptedContent({ provenance, payload, callId: call.callId });
    addItem({ id, type: "reasoning", summary: [], encrypted_content: encrypted }, out);
  }

  function addItem(item: JsonObject, out: WireEvent[]): void {
    closeMessage("completed", out);
    const index = outputIndex++;
    const text = JSON.stringify(item);
    events.write(out, "response.output_item.added", `,"output_index":${index},"item":${text}`);
    itemDone(index, text, out);
  }

  function stop(event: StopEvent, out: WireEvent[]): void {
    const block = open.get(event.block);
    if (block === undefined) return;
    open.delete(event.block);
    if (block.kind === "reasoning") itemDone(block.outputIndex, finishReasoning(events, block, event, out), out);
    else if (block.kind === "tool-call") stopCall(block, event, out);
    else stopContent(block, event, out);
  }

  return {
    open(block, opening, out) {
      if (opening.kind === "reasoning") {
        closeMessage("completed", out);
        const index = outputIndex++;
        const id = itemId(opening.itemId, "rs_", idSeed, index);
        open.set(block, openReasoning(events, id, index, opening, out));
      } else if (opening.kind === "tool-call") openCall(block, opening, out);
      else openContent(block, opening.kind, out);
    },
    addText(block, delta, out) {
      const content = open.get(block);
      if (content === undefined || content.kind === "reasoning" || content.kind === "tool-call") return;
      content.text += delta;
      if (content.kind === "text") {
        events.write(out, "response.output_text.delta", `${content.place},"delta":${quote(delta)},"logprobs":[]`);
      } else {
        events.write(out, "response.refusal.delta", `${content.place},"delta":${quote(delta)}`);
      }
    },
    addReasoning(event, out) {
      const item = open.get(event.block);
      if (item?.kind === "reasoning") addReasoning(events, item, event, out);
    },
    addArguments(block, delta, out) {
      const call = open.get(block);
      if (call?.kind === "tool-call") addCallText(call, delta, out);
    },
    addCitation(event, out) {
      const content = open.get(event.block);
      if (content?.kind !== "text") return;
      const annotation = encodeCitation(event.citation);
      if (annotation === undefined) {
        losses.dropped("output", "citation without a place in the Responses format");
        return;
      }
      reportCitationPayload(event.citation, wire, losses);
      const text = JSON.stringify(annotation);
      const index = content.annotations.push(text) - 1;
      events.write(
        out,
        "response.output_text.annotation.added",
        `${content.place},"annotation_index":${index},"annotation":${text}`,
      );
    },
    stop,
    addItem,
    close(isCut, out) {
      for (const block of open.keys()) stop({ type: "block-stop", block, incomplete: true }, out);
      closeMessage(isCut ? "incomplete" : "completed", out);
    },
    get output() {
      return `[${done.filter((item) => item !== undefined).join(",")}]`;
    },
    get hasRefusal() {
      return hasRefusal;
    },
  };
}

function textPart(text: string, annotations: readonly string[]): string {
  return `{"type":"output_text","text":${quote(text)},"annotations":[${annotations.join(",")}],"logprobs":[]}`;
}

function refusalPart(text: string): string {
  return `{"type":"refusal","refusal":${quote(text)}}`;
}
