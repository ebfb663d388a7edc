import type { BlockOpening, StreamEvent, WireEvent } from "@turnout/core";

import { encryptedContent } from "./carried-payload.ts";
import { type EventWriter, quote } from "./event-writer.ts";
import { wire } from "./extras.ts";

type EventOf<Type extends StreamEvent["type"]> = Extract<StreamEvent, { type: Type }>;
type ReasoningOpening = Extract<BlockOpening, { kind: "reasoning" }>;

interface ReasoningPart {
  readonly form: "summary" | "raw";
  readonly number: number;
  /** `item_id`, `output_index` and the part's index as JSON text with a leading comma. */
  readonly place: string;
  text: string;
}

/** A reasoning item that is being written: parts one after another, each added and done. */
export interface ReasoningItem {
  readonly kind: "reasoning";
  readonly id: string;
  readonly outputIndex: number;
  readonly opening: ReasoningOpening;
  /** Finished parts as JSON text. */
  readonly summary: string[];
  readonly content: string[];
  part: ReasoningPart | undefined;
}

/** Announces the item. */
export function openReasoning(
  events: EventWriter,
  id: string,
  outputIndex: number,
  opening: ReasoningOpening,
  out: WireEvent[],
): ReasoningItem {
  const item = `{"id":${quote(id)},"type":"reasoning","summary":[]}`;
  events.write(out, "response.output_item.added", `,"output_index":${outputIndex},"item":${item}`);
  return { kind: "reasoning", id, outputIndex, opening, summary: [], content: [], part: undefined };
}

function openPart(
  events: EventWriter,
  item: ReasoningItem,
  event: EventOf<"reasoning-delta">,
  out: WireEvent[],
): ReasoningPart {
  closePart(events, item, out);
  const { form, part: number } = event;
  const base = `,"item_id":${quote(item.id)},"output_index":${item.outputIndex}`;
  const place =
    form === "summary"
      ? `${base},"summary_index":${item.summary.length}`
      : `${base},"content_index":${item.content.length}`;
  const part: ReasoningPart = { form, number, place, text: "" };
  item.part = part;
  if (form === "summary") {
    events.write(out, "response.reasoning_summary_part.added", `${place},"part":{"type":"summary_text","text":""}`);
  } else {
    events.write(out, "response.content_part.added", `${place},"part":{"type":"reasoning_text","text":""}`);
  }
  return part;
}

function closePart(events: EventWriter, item: ReasoningItem, out: WireEvent[]): void {
  const { part } = item;
  if (part === undefined) return;
  const { place } = part;
  const text = quote(part.text);
  item.part = undefined;
  if (part.form === "summary") {
    const whole = `{"type":"summary_text","text":${text}}`;
    item.summary.push(whole);
    events.write(out, "response.reasoning_summary_text.done", `${place},"text":${text}`);
    events.write(out, "response.reasoning_summary_part.done", `${place},"part":${whole}`);
  } else {
    const whole = `{"type":"reasoning_text","text":${text}}`;
    item.content.push(whole);
    events.write(out, "response.reasoning_text.done", `${place},"text":${text}`);
    events.write(out, "response.content_part.done", `${place},"part":${whole}`);
  }
}

/** Writes a piece of a thought, and a part around it when it is the first of one. */
export function addReasoning(
  events: EventWriter,
  item: ReasoningItem,
  event: EventOf<"reasoning-delta">,
  out: WireEvent[],
): void {
  const part = item.part?.number === event.part ? item.part : openPart(events, item, event, out);
  if (event.delta === "") return;
  part.text += event.delta;
  const type = part.form === "summary" ? "response.reasoning_summary_text.delta" : "response.reasoning_text.delta";
  events.write(out, type, `${part.place},"delta":${quote(event.delta)}`);
}

function payloadField(item: ReasoningItem, event: EventOf<"block-stop">): string {
  const { payload, provenance = { wire } } = event;
  if (payload === undefined) return "";
  const redacted = item.opening.redacted === true && { redacted: true };
  return `,"encrypted_content":${quote(encryptedContent({ provenance, payload, ...redacted }))}`;
}

/** Closes the last part. @returns The finished item as JSON text. */
export function finishReasoning(
  events: EventWriter,
  item: ReasoningItem,
  event: EventOf<"block-stop">,
  out: WireEvent[],
): string {
  closePart(events, item, out);
  const content = item.content.length === 0 ? "" : `,"content":[${item.content.join(",")}]`;
  const summary = `,"summary":[${item.summary.join(",")}]`;
  return `{"id":${quote(item.id)},"type":"reasoning"${summary}${content}${payloadField(item, event)}}`;
}
