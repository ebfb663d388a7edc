import { type Citation, isJsonObject, type JsonObject, type JsonValue, type StreamEvent } from "@turnout/core";

import { type Fields, restOf } from "../fields.ts";
import { tryParseJson } from "../parse-json.ts";
import type { LossCollector } from "../report.ts";
import type { ToolNames } from "../tool-names.ts";
import { argumentsText, decodeCitation, decodeThinking } from "./block-decode.ts";
import { createCustomInputReader, type CustomInputReader } from "./custom-input.ts";
import { own, wire } from "./extras.ts";
import { answerToolName } from "./tools-encode.ts";

type StopEvent = Extract<StreamEvent, { type: "block-stop" }>;

/** One content block while its events arrive. */
interface OpenBlock {
  readonly kind: "text" | "thinking" | "redacted" | "call" | "custom" | "answer" | "other";
  readonly block: number;
  /** As `content_block_start` had it. */
  readonly value: JsonObject;
  /** JSON text of an input so far; counted only for text. */
  json: string;
  length: number;
  /** The last one counts. */
  signature: string | undefined;
  readonly citations: JsonObject[];
  /** Of a custom call. */
  readonly input: CustomInputReader | undefined;
  /** What deltas set on a block we do not know, for example a compaction's. */
  readonly changes: Fields;
}

/** Reads the content blocks of a stream, which are told apart by their index. */
export interface BlockReader {
  open(index: number, value: JsonObject, out: StreamEvent[]): void;
  add(index: number, delta: JsonObject, out: StreamEvent[]): void;
  close(index: number, out: StreamEvent[]): void;
  /** A block that came whole, outside the usual events. */
  whole(value: JsonObject, out: StreamEvent[]): void;
  /**
   * Ends all blocks.
   *
   * @param isCut - The model was cut off: the call it was in is not whole.
   */
  end(isCut: boolean, out: StreamEvent[]): void;
  /** A number for one more block. */
  next(): number;
  readonly count: number;
  readonly hasCalls: boolean;
}

export interface BlockReaderOptions {
  readonly losses: LossCollector;
  readonly names: ToolNames | undefined;
  /** The model that answers, once it is known. */
  model(): string | undefined;
}

const callKeys = new Set(["type", "id", "name", "input"]);

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function isWholeObject(json: string): boolean {
  return json.trim() === "" || tryParseJson(json) !== undefined;
}

function hasFields(value: JsonValue | undefined): value is JsonObject {
  return isJsonObject(value) && Object.keys(value).length > 0;
}

export function createBlockReader(options: BlockReaderOptions): BlockReader {
  const { losses, names } = options;
  const open = new Map<number, OpenBlock>();
  let latest: OpenBlock | undefined;
  let latestIndex = -1;
  let count = 0;
  let hasCalls = false;
  /** Whether the last call was whole is known when the next block or the end comes (see `isCut`). */
  let pending: StopEvent | undefined;

  function flush(isCut: boolean, out: StreamEvent[]): void {
    if (pending === undefined) return;
    out.push(isCut ? { ...pending, incomplete: true } : pending);
    pending = undefined;
  }

  function kindOf(value: JsonObject): OpenBlock["kind"] {
    switch (value["type"]) {
      case "text":
        return "text";
      case "thinking":
        return "thinking";
      case "redacted_thinking":
        return "redacted";
      case "tool_use":
        if (value["name"] === answerToolName) return "answer";
        return names?.fromWire(textOf(value["name"]))?.kind === "custom" ? "custom" : "call";
      default:
        return "other";
    }
  }

  function start(index: number, value: JsonObject, out: StreamEvent[]): OpenBlock {
    if (open.has(index)) close(index, out);
    flush(false, out);
    const kind = kindOf(value);
    const state: OpenBlock = {
      kind,
      block: count,
      value,
      json: "",
      length: 0,
      signature: undefined,
      citations: [],
      input: kind === "custom" ? createCustomInputReader() : undefined,
      changes: {},
    };
    count += 1;
    open.set(index, state);
    latest = state;
    latestIndex = index;
    const { block } = state;
    switch (kind) {
      case "text":
      case "answer":
        out.push({ type: "block-start", block, opening: { kind: "text" } });
        break;
      case "thinking":
        out.push({ type: "block-start", block, opening: { kind: "reasoning" } });
        break;
      case "redacted":
        out.push({ type: "block-start", block, opening: { kind: "reasoning", redacted: true } });
        break;
      case "call":
      case "custom":
        hasCalls = true;
        out.push({
          type: "block-start",
          block,
          opening: {
            kind: "tool-call",
            callId: textOf(value["id"]),
            name: textOf(value["name"]),
            toolKind: kind === "custom" ? "custom" : "function",
          },
        });
        break;
      case "other":
        break;
    }
    return state;
  }

  function addText(state: OpenBlock, delta: string, out: StreamEvent[]): void {
    if (delta === "") return;
    state.length += delta.length;
    out.push({ type: "text-delta", block: state.block, delta });
  }

  function addThinking(state: OpenBlock, delta: string, out: StreamEvent[]): void {
    if (delta === "") return;
    out.push({ type: "reasoning-delta", block: state.block, part: 0, form: "summary", delta });
  }

  function addJson(state: OpenBlock, piece: string, out: StreamEvent[]): void {
    if (piece === "") return;
    if (state.kind === "answer") addText(state, piece, out);
    else {
      state.json += piece;
      const argumentsDelta = state.kind === "call" ? piece : (state.input?.add(piece) ?? "");
      if (argumentsDelta !== "") out.push({ type: "tool-call-delta", block: state.block, argumentsDelta });
    }
  }

  /** What `content_block_start` held already; only some vendors put more than emptiness there. */
  function addOpening(state: OpenBlock, out: StreamEvent[]): void {
    const { value } = state;
    if (state.kind === "text") addText(state, textOf(value["text"]), out);
    if (state.kind === "thinking") addThinking(state, textOf(value["thinking"]), out);
    if (state.kind === "thinking" && textOf(value["signature"]) !== "") state.signature = textOf(value["signature"]);
    const { citations } = value;
    if (state.kind === "text" && Array.isArray(citations)) state.citations.push(...citations.filter(isJsonObject));
  }

  /** The open block of this kind; another kind under the same index ends there (T12). */
  function blockOf(kind: "text" | "thinking", index: number, out: StreamEvent[]): OpenBlock {
    const state = latest !== undefined && latestIndex === index ? latest : open.get(index);
    return state?.kind === kind ? state : start(index, { type: kind }, out);
  }

  function add(index: number, delta: JsonObject, out: StreamEvent[]): void {
    const { type } = delta;
    if (type === "text_delta") {
      addText(blockOf("text", index, out), textOf(delta["text"]), out);
      return;
    }
    if (type === "thinking_delta") {
      addThinking(blockOf("thinking", index, out), textOf(delta["thinking"]), out);
      return;
    }
    const state = latest !== undefined && latestIndex === index ? latest : open.get(index);
    switch (type) {
      case "input_json_delta":
        if (state !== undefined) addJson(state, textOf(delta["partial_json"]), out);
        return;
      case "signature_delta":
        blockOf("thinking", index, out).signature = textOf(delta["signature"]);
        return;
      case "citations_delta": {
        const citation = delta["citation"];
        if (state !== undefined && isJsonObject(citation)) state.citations.push(citation);
        return;
      }
      default:
        if (state?.kind === "other") {
          for (const key in delta)
            if (key !== "type" && delta[key] !== undefined) state.changes[key] = delta[key] ?? null;
        } else losses.dropped("content", `a delta of type \`${textOf(type)}\``);
    }
  }

  function stopText(state: OpenBlock, out: StreamEvent[]): void {
    for (const entry of state.citations) {
      const citation: Citation = decodeCitation(entry, state.length);
      out.push({ type: "citation", block: state.block, citation });
    }
    out.push({ type: "block-stop", block: state.block });
  }

  function stopCall(state: OpenBlock, isCut: boolean, out: StreamEvent[]): void {
    const { block, value, kind } = state;
    let { json } = state;
    // An input that was there from the start, from servers that do not stream it (T84).
    if (json === "" && hasFields(value["input"])) {
      json = argumentsText(value["input"], { path: undefined });
      if (kind === "call") out.push({ type: "tool-call-delta", block, argumentsDelta: json });
    }
    const argumentsDelta = state.input?.end(json) ?? "";
    if (argumentsDelta !== "") out.push({ type: "tool-call-delta", block, argumentsDelta });
    const rest = restOf(value, callKeys);
    const stop: StopEvent = {
      type: "block-stop",
      block,
      ...(Object.keys(rest).length > 0 && own(rest)),
      ...((isCut || !isWholeObject(json)) && { incomplete: true }),
    };
    // Calls that were open side by side end one after the other.
    flush(false, out);
    pending = stop;
  }

  /** A block only this format knows, with the input or the content its deltas told. */
  function otherValue(state: OpenBlock): JsonObject {
    const input = state.json === "" ? undefined : tryParseJson(state.json);
    return { ...state.value, ...(input !== undefined && { input }), ...state.changes };
  }

  function stop(state: OpenBlock, isCut: boolean, out: StreamEvent[]): void {
    const { block, kind } = state;
    switch (kind) {
      case "text":
        stopText(state, out);
        break;
      case "answer":
        if (state.length === 0 && hasFields(state.value["input"])) {
          addText(state, argumentsText(state.value["input"], { path: undefined }), out);
        }
        out.push({ type: "block-stop", block });
        break;
      case "thinking":
      case "redacted": {
        const sealed = kind === "thinking" ? state.signature : textOf(state.value["data"]);
        const { payload, provenance } = decodeThinking("", sealed, options.model());
        out.push({
          type: "block-stop",
          block,
          ...(payload !== undefined && { payload }),
          ...(provenance !== undefined && { provenance }),
        });
        break;
      }
      case "call":
      case "custom":
        stopCall(state, isCut, out);
        break;
      case "other":
        out.push({ type: "raw", wire, value: otherValue(state) });
        break;
    }
  }

  function close(index: number, out: StreamEvent[], isCut = false): void {
    const state = open.get(index);
    if (state === undefined) return;
    open.delete(index);
    if (latest === state) latest = undefined;
    stop(state, isCut, out);
  }

  return {
    open(index, value, out) {
      addOpening(start(index, value, out), out);
    },
    add,
    close,
    whole(value, out) {
      const index = -1 - count;
      addOpening(start(index, value, out), out);
      close(index, out);
    },
    end(isCut, out) {
      for (const index of open.keys()) {
        if (pending !== undefined) flush(false, out);
        close(index, out, isCut);
      }
      flush(isCut, out);
    },
    next: () => {
      count += 1;
      return count - 1;
    },
    get count() {
      return count;
    },
    get hasCalls() {
      return hasCalls;
    },
  };
}
