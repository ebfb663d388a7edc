import { type BlockOpening, isJsonObject, type JsonObject, type StreamEvent, type WireEvent } from "@turnout/core";

import type { LossCollector } from "../report.ts";
import { partSeparator } from "../payload-envelope.ts";
import { clientToolName, type ToolNames } from "../tool-names.ts";
import { clientCallId, signatureOf } from "./answer-content.ts";
import { encodeAnswerCitation } from "./citation-encode.ts";
import { wire } from "./extras.ts";

type EventOf<T extends StreamEvent["type"]> = Extract<StreamEvent, { type: T }>;
type BlockEvent = EventOf<
  "text-delta" | "refusal-delta" | "reasoning-delta" | "tool-call-delta" | "citation" | "block-stop"
>;

const startName = "content_block_start";
const deltaName = "content_block_delta";

/** The block being written. Texts and thoughts are opened with their first piece: an empty one is refused later (T61). */
interface OpenBlock {
  readonly key: number;
  readonly opening: BlockOpening;
  /** -1 while nothing of it was written. */
  index: number;
  /** Everything of a delta event before the JSON text of the delta. */
  deltaHead: string;
  /** Of thoughts: the part written last, and the lengths of all. */
  part: number;
  form: "summary" | "raw";
  readonly partLengths: number[];
}

/** Writes content blocks one after another, whatever the order in which their pieces come. */
export interface BlockWriter {
  open(key: number, opening: BlockOpening, out: WireEvent[]): void;
  add(event: BlockEvent, out: WireEvent[]): void;
  /** Something only Anthropic's format has a word for. */
  raw(event: EventOf<"raw">, out: WireEvent[]): void;
  /** Writes what waits, and closes what is open. */
  end(out: WireEvent[]): void;
  readonly hasCalls: boolean;
}

export interface BlockWriterOptions {
  readonly losses: LossCollector;
  readonly names: ToolNames;
}

const quote = JSON.stringify;

export function createBlockWriter(options: BlockWriterOptions): BlockWriter {
  const { losses, names } = options;
  let current: OpenBlock | undefined;
  let blocks = 0;
  let hasCalls = false;
  /** Blocks that were opened while another one was open, with what came of them (translation.md 4.5). */
  const waiting = new Map<number, { readonly opening: BlockOpening | undefined; readonly events: StreamEvent[] }>();
  let rawKeys = -1;

  function writeStart(json: string, out: WireEvent[]): number {
    const index = blocks;
    blocks += 1;
    out.push({ type: startName, data: `{"type":"${startName}","index":${index},"content_block":${json}}` });
    return index;
  }

  function writeDelta(index: number, json: string, out: WireEvent[]): void {
    out.push({ type: deltaName, data: `{"type":"${deltaName}","index":${index},"delta":${json}}` });
  }

  function writeStop(index: number, out: WireEvent[]): void {
    out.push({ type: "content_block_stop", data: `{"type":"content_block_stop","index":${index}}` });
  }

  function writeWhole(json: string, out: WireEvent[]): void {
    writeStop(writeStart(json, out), out);
  }

  /** Writes the start of the current block, once. */
  function begin(block: OpenBlock, json: string, deltaJson: string, out: WireEvent[]): void {
    block.index = writeStart(json, out);
    block.deltaHead = `{"type":"${deltaName}","index":${block.index},"delta":${deltaJson}`;
  }

  function beginText(block: OpenBlock, out: WireEvent[]): void {
    begin(block, '{"type":"text","text":""}', '{"type":"text_delta","text":', out);
  }

  function beginCall(block: OpenBlock, opening: Extract<BlockOpening, { kind: "tool-call" }>, out: WireEvent[]): void {
    hasCalls = true;
    const name = clientToolName(names, opening.name, opening.namespace);
    const id = quote(clientCallId(opening.callId));
    // Never without a name (T86, T87).
    const called = quote(name === "" ? `tool_${blocks}` : name);
    const json = `{"type":"tool_use","id":${id},"name":${called},"input":{}}`;
    begin(block, json, '{"type":"input_json_delta","partial_json":', out);
    if (opening.toolKind === "custom") push(block, '{"input":"', out);
  }

  function push(block: OpenBlock, delta: string, out: WireEvent[]): void {
    out.push({ type: deltaName, data: `${block.deltaHead}${quote(delta)}}}` });
  }

  function start(key: number, opening: BlockOpening, out: WireEvent[]): void {
    current = { key, opening, index: -1, deltaHead: "", part: 0, form: "summary", partLengths: [] };
    if (opening.kind === "tool-call") beginCall(current, opening, out);
  }

  function addThinking(block: OpenBlock, event: EventOf<"reasoning-delta">, out: WireEvent[]): void {
    const { part, form, delta } = event;
    if (delta === "") return;
    if (block.index === -1) {
      begin(block, '{"type":"thinking","thinking":"","signature":""}', '{"type":"thinking_delta","thinking":', out);
      block.part = part;
      block.form = form;
      block.partLengths.push(delta.length);
      push(block, delta, out);
      return;
    }
    if (part === block.part) {
      block.partLengths.push((block.partLengths.pop() ?? 0) + delta.length);
      push(block, delta, out);
      return;
    }
    block.part = part;
    block.partLengths.push(delta.length);
    push(block, partSeparator + delta, out);
  }

  /** The signature is the last thing of a block of thoughts (T03). */
  function stopThinking(
    block: OpenBlock,
    opening: Extract<BlockOpening, { kind: "reasoning" }>,
    event: EventOf<"block-stop">,
    out: WireEvent[],
  ): void {
    const { itemId, redacted } = opening;
    const { payload, provenance = { wire: "openai-chat" } } = event;
    const isStarted = block.index !== -1;
    if (!isStarted && payload === undefined) return;
    const signature = signatureOf({
      provenance,
      ...(payload !== undefined && { payload }),
      ...(itemId !== undefined && { itemId }),
      ...(redacted === true && { redacted }),
      form: block.form,
      partLengths: block.partLengths,
    });
    if (!isStarted && (redacted === true || provenance.wire !== wire)) {
      writeWhole(`{"type":"redacted_thinking","data":${quote(signature)}}`, out);
      return;
    }
    const index = isStarted ? block.index : writeStart('{"type":"thinking","thinking":"","signature":""}', out);
    writeDelta(index, `{"type":"signature_delta","signature":${quote(signature)}}`, out);
    writeStop(index, out);
  }

  function stopCall(
    block: OpenBlock,
    opening: Extract<BlockOpening, { kind: "tool-call" }>,
    event: EventOf<"block-stop">,
    out: WireEvent[],
  ): void {
    if (opening.toolKind === "custom" && event.incomplete !== true) push(block, '"}', out);
    writeStop(block.index, out);
    if (event.payload === undefined) return;
    // A call has no place for a signature, so it follows in a block of its own that the client sends back.
    const { payload, provenance = { wire: "gemini" } } = event;
    const data = signatureOf({ provenance, payload, callId: clientCallId(opening.callId) });
    writeWhole(`{"type":"redacted_thinking","data":${quote(data)}}`, out);
  }

  function stop(block: OpenBlock, event: EventOf<"block-stop">, out: WireEvent[]): void {
    current = undefined;
    const { opening } = block;
    if (opening.kind === "reasoning") stopThinking(block, opening, event, out);
    else if (opening.kind === "tool-call") stopCall(block, opening, event, out);
    else if (block.index !== -1) writeStop(block.index, out);
  }

  function addCitation(block: OpenBlock, event: EventOf<"citation">, out: WireEvent[]): void {
    const citation = encodeAnswerCitation(event.citation, "", losses);
    if (citation === undefined) return;
    if (block.index === -1) beginText(block, out);
    writeDelta(block.index, `{"type":"citations_delta","citation":${quote(citation)}}`, out);
  }

  function addArguments(block: OpenBlock, event: EventOf<"tool-call-delta">, out: WireEvent[]): void {
    const { argumentsDelta } = event;
    if (argumentsDelta === "") return;
    const isCustom = block.opening.kind === "tool-call" && block.opening.toolKind === "custom";
    push(block, isCustom ? quote(argumentsDelta).slice(1, -1) : argumentsDelta, out);
  }

  function write(block: OpenBlock, event: BlockEvent, out: WireEvent[]): void {
    switch (event.type) {
      case "text-delta":
        if (event.delta === "") return;
        if (block.index === -1) beginText(block, out);
        push(block, event.delta, out);
        return;
      case "tool-call-delta":
        addArguments(block, event, out);
        return;
      case "reasoning-delta":
        addThinking(block, event, out);
        return;
      case "citation":
        addCitation(block, event, out);
        return;
      case "block-stop":
        stop(block, event, out);
        return;
      case "refusal-delta":
        return;
    }
  }

  /** Blocks that waited, in the order of their opening, until one of them is still open. */
  function advance(out: WireEvent[]): void {
    for (const [key, { opening, events }] of waiting) {
      if (current !== undefined) return;
      waiting.delete(key);
      if (opening !== undefined) start(key, opening, out);
      for (const event of events) {
        if (event.type === "raw") writeRaw(event, out);
        else if (current !== undefined) write(current, event as BlockEvent, out);
      }
    }
  }

  function writeRaw(event: EventOf<"raw">, out: WireEvent[]): void {
    const { value } = event;
    if (event.wire !== wire || !isJsonObject(value)) {
      const type = isJsonObject(value) && typeof value["type"] === "string" ? value["type"] : "output";
      losses.dropped(type, `something only ${event.wire} knows`);
      return;
    }
    writeRawBlock(value, out);
  }

  function writeRawBlock(value: JsonObject, out: WireEvent[]): void {
    const { type, input } = value;
    if (type === "compaction") {
      const { content, encrypted_content: encrypted, ...rest } = value;
      const index = writeStart(quote({ ...rest, content: null }), out);
      const delta = {
        type: "compaction_delta",
        content,
        ...(encrypted !== undefined && { encrypted_content: encrypted }),
      };
      writeDelta(index, quote(delta), out);
      writeStop(index, out);
      return;
    }
    const isCall = typeof type === "string" && type.endsWith("_tool_use");
    if (!isCall || !isJsonObject(input)) {
      writeWhole(quote(value), out);
      return;
    }
    const index = writeStart(quote({ ...value, input: {} }), out);
    writeDelta(index, quote({ type: "input_json_delta", partial_json: quote(input) }), out);
    writeStop(index, out);
  }

  return {
    open(key, opening, out) {
      if (current === undefined) start(key, opening, out);
      else waiting.set(key, { opening, events: [] });
    },
    add(event, out) {
      if (current !== undefined && current.key === event.block) {
        write(current, event, out);
        if (event.type === "block-stop" && waiting.size > 0) advance(out);
      } else waiting.get(event.block)?.events.push(event);
    },
    raw(event, out) {
      if (current === undefined) {
        writeRaw(event, out);
        return;
      }
      waiting.set(rawKeys, { opening: undefined, events: [event] });
      rawKeys -= 1;
    },
    end(out) {
      while (current !== undefined) {
        stop(current, { type: "block-stop", block: current.key, incomplete: true }, out);
        advance(out);
      }
    },
    get hasCalls() {
      return hasCalls;
    },
  };
}
