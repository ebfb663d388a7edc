import { isJsonObject, type JsonObject, type JsonValue, type StreamEvent } from "@turnout/core";

import { madeUpCallId } from "../ids.ts";
import type { LossCollector } from "../report.ts";
import { signatureOf } from "./assistant.ts";
import { isUnfinished } from "./finish.ts";

interface Call extends KnownCall {
  id: string;
  name: string;
  readonly kind: "function" | "custom";
  /** Undefined until its name is known. */
  block: number | undefined;
  text: string;
  payload: string | undefined;
}

/** Reads the pieces of tool calls in a stream's deltas. */
export interface CallReader {
  /** @param position - Place of the entry in its `tool_calls`, for upstreams without `index`. */
  read(entry: JsonObject, position: number, out: StreamEvent[]): void;
  /** Closes all calls; those that cannot be executed are marked. */
  close(out: StreamEvent[]): void;
  /** Calls seen so far that have a name. */
  readonly count: number;
}

export function textIn(object: JsonObject | undefined, key: string): string {
  const value = object?.[key];
  if (typeof value === "string") return value;
  // Whole objects come from servers that forget that arguments are text.
  return isJsonObject(value) ? JSON.stringify(value) : "";
}

export function calledIn(entry: JsonObject): { readonly kind: Call["kind"]; readonly called: JsonObject | undefined } {
  const { custom, function: called } = entry;
  if (isJsonObject(custom)) return { kind: "custom", called: custom };
  return { kind: "function", called: isJsonObject(called) ? called : undefined };
}

function isText(value: JsonValue | undefined): value is string {
  return typeof value === "string" && value !== "";
}

/** What tells the calls of a stream apart. */
export interface KnownCall {
  /** What the upstream counts it by: a key, not a place (some begin at 1 or jump). */
  readonly key: number | undefined;
  readonly id: string;
  readonly name: string;
  /** Arguments so far. */
  readonly text: string;
}

/** The call that an entry of `tool_calls` continues, or undefined when it opens one. */
export function findCall<C extends KnownCall>(calls: readonly C[], entry: JsonObject, position: number): C | undefined {
  const { index, id } = entry;
  const name = textIn(calledIn(entry).called, "name");
  if (typeof index === "number") {
    const call = calls.findLast((candidate) => candidate.key === index);
    if (call === undefined || name === "" || call.name === "" || !isText(id) || id === call.id) return call;
    // Old builds of Ollama give every parallel call index 0: whole arguments, then another id and name. Elsewhere ids
    // change and names repeat inside one call, whose arguments are not whole yet.
    return call.text === "" || isUnfinished("function", call.text) ? call : undefined;
  }
  if (isText(id)) {
    const call = calls.find((candidate) => candidate.id === id);
    // A new id opens a call, unless it only completes the last one.
    return call ?? (name === "" ? calls.at(-1) : undefined);
  }
  // A name opens a call, a piece without one continues (T83).
  return name === "" ? (calls[position] ?? calls.at(-1)) : undefined;
}

export interface CallReaderOptions {
  /** Gives the number of the next block of the answer. */
  nextBlock(): number;
  /** The answer's id, asked for only when a call has none. */
  responseId(): string;
  readonly losses: LossCollector;
}

export function createCallReader(options: CallReaderOptions): CallReader {
  const { nextBlock, losses } = options;
  const calls: Call[] = [];
  let named = 0;

  function openBlock(call: Call, out: StreamEvent[]): void {
    call.block = nextBlock();
    if (call.id === "") call.id = madeUpCallId(options.responseId(), named, call.name);
    named += 1;
    out.push({
      type: "block-start",
      block: call.block,
      opening: { kind: "tool-call", callId: call.id, name: call.name, toolKind: call.kind },
    });
    if (call.text !== "") out.push({ type: "tool-call-delta", block: call.block, argumentsDelta: call.text });
  }

  function read(entry: JsonObject, position: number, out: StreamEvent[]): void {
    const { kind, called } = calledIn(entry);
    const name = textIn(called, "name");
    let call = findCall(calls, entry, position);
    if (call === undefined) {
      const key = typeof entry["index"] === "number" ? entry["index"] : undefined;
      call = { key, id: "", name: "", kind, block: undefined, text: "", payload: undefined };
      calls.push(call);
    }
    // The first id and the first name count; both may be repeated or change later (T86).
    if (call.id === "" && isText(entry["id"])) call.id = entry["id"];
    if (call.name === "") call.name = name;
    call.payload ??= signatureOf(entry);
    if (call.block === undefined && call.name !== "") openBlock(call, out);
    const delta = textIn(called, kind === "custom" ? "input" : "arguments");
    if (delta === "") return;
    call.text += delta;
    if (call.block !== undefined) out.push({ type: "tool-call-delta", block: call.block, argumentsDelta: delta });
  }

  function close(out: StreamEvent[]): void {
    for (const [index, call] of calls.entries()) {
      if (call.block === undefined) {
        // T87: the name never came. Without arguments there is nothing to save.
        if (call.text === "") {
          losses.dropped(`choices[0].delta.tool_calls[${index}]`, "a tool call without a name");
          continue;
        }
        call.name = `tool_${call.key ?? index}`;
        openBlock(call, out);
      }
      out.push({
        type: "block-stop",
        block: call.block ?? 0,
        ...(call.payload !== undefined && { payload: call.payload }),
        ...(isUnfinished(call.kind, call.text) && { incomplete: true }),
      });
    }
  }

  return {
    read,
    close,
    get count() {
      return named;
    },
  };
}
