import type { Citation, Extras, StreamEvent } from "@turnout/core";

import { isWholeJson } from "./item-decode.ts";

/** One text or refusal part of a message that is being streamed. */
export interface PartState {
  readonly kind: "text" | "refusal";
  readonly contentIndex: number;
  readonly block: number;
  /** What was emitted of it so far. */
  text: string;
  citations: number;
}

/** One visible part of a reasoning item. */
interface ReasoningPart {
  readonly form: "summary" | "raw";
  readonly index: number;
  text: string;
  emitted: boolean;
}

/** One item of the answer while its events arrive. */
export interface ItemState {
  /** As in the item: `message`, `reasoning`, `function_call`, …. */
  readonly type: string;
  readonly itemId: string | undefined;
  callId: string | undefined;
  name: string | undefined;
  namespace: string | undefined;
  /** Of a reasoning item or call; -1 while it is not opened. */
  block: number;
  /** Arguments so far. */
  text: string;
  /** The arguments were said to be complete. */
  isTextDone: boolean;
  readonly parts: PartState[];
  readonly reasoning: ReasoningPart[];
  isDone: boolean;
}

export function addArguments(state: ItemState, delta: string, out: StreamEvent[]): void {
  if (state.isDone || delta === "") return;
  state.text += delta;
  if (state.block !== -1) out.push({ type: "tool-call-delta", block: state.block, argumentsDelta: delta });
}

export function addText(opened: PartState, delta: string, out: StreamEvent[]): void {
  if (delta === "") return;
  opened.text += delta;
  const type = opened.kind === "text" ? "text-delta" : "refusal-delta";
  out.push({ type, block: opened.block, delta });
}

export function addCitation(opened: PartState, citation: Citation, out: StreamEvent[]): void {
  opened.citations += 1;
  out.push({ type: "citation", block: opened.block, citation });
}

export function reasoningPart(state: ItemState, form: "summary" | "raw", index: number): number {
  const known = state.reasoning.findIndex((entry) => entry.index === index && entry.form === form);
  if (known !== -1) return known;
  return state.reasoning.push({ form, index, text: "", emitted: false }) - 1;
}

export function closePart(opened: PartState, extras: Extras | undefined, out: StreamEvent[]): void {
  out.push(
    extras === undefined
      ? { type: "block-stop", block: opened.block }
      : { type: "block-stop", block: opened.block, extras },
  );
}

/** The deltas may have been cut although the finished item is whole; what counts is what was emitted. */
export function isWholeCall(state: ItemState): boolean {
  return state.type === "custom_tool_call" ? state.isTextDone : isWholeJson(state.text);
}
