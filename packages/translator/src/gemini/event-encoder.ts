import {
  type AnyRouterError,
  isJsonObject,
  type JsonObject,
  type RefusalDetails,
  type StreamEvent,
  type ToolCallBlock,
  type Usage,
  type WireEvent,
} from "@turnout/core";

import type { AnswerContext, EventEncoder } from "../codec.ts";
import type { Fields } from "../fields.ts";
import { createFlatReasoning, type OpenReasoning } from "../flat-reasoning.ts";
import { mergeUsage } from "../fold.ts";
import { reportCitationPayload } from "../foreign-extras.ts";
import { mapToolCallId } from "../ids.ts";
import type { Envelope } from "../payload-envelope.ts";
import { createLossCollector } from "../report.ts";
import { createToolNames, qualifiedToolName, type ToolNames } from "../tool-names.ts";
import { createByteOffsets } from "./byte-offsets.ts";
import { carry } from "./carrier.ts";
import { type ChunkWriter, createChunkWriter } from "./chunk-writer.ts";
import { createGroundingWriter } from "./citations.ts";
import { errorObject } from "./error-encode.ts";
import { ownFields, reportForeign, wire } from "./extras.ts";
import { encodeFinish } from "./finish.ts";
import { encodeCall } from "./parts-encode.ts";
import { encodeUsage } from "./usage.ts";

type EventOf<T extends StreamEvent["type"]> = Extract<StreamEvent, { type: T }>;
type CallOpening = Extract<EventOf<"block-start">["opening"], { kind: "tool-call" }>;

interface OpenCall {
  readonly opening: CallOpening;
  text: string;
}

/** The id of an answer as clients of this format know it. */
function answerId(id: string, idSeed: string): string {
  return id === "" ? idSeed.slice(0, 24) : id;
}

/** The words for an answer withheld without any. */
function refusalText(refused: string, refusal: RefusalDetails | undefined): string | undefined {
  return refused === "" ? refusal?.explanation : refused;
}

/** An error chunk; it is the last thing on a stream (translation.md 4.6). */
export function errorChunk(error: AnyRouterError): WireEvent {
  return { type: "", data: JSON.stringify({ error: errorObject(error) }) };
}

/**
 * A chunk that says nothing. Gemini CLI throws an answer away in which it finds an SSE comment, and takes this one
 * (clients.md).
 */
export const keepAliveChunk: WireEvent = { type: "", data: "{}" };

/** Writes a stream of chunks: one per delta, calls whole, the end with the usage in the last one (translation.md 4.5). */
export function createEventEncoder(context: AnswerContext): EventEncoder {
  const losses = createLossCollector();
  const grounding = createGroundingWriter(losses);
  const offsets = createByteOffsets();
  let names: ToolNames | undefined;
  let writer: ChunkWriter | undefined;
  let isEnded = false;
  let usage: Usage | undefined;
  let refused = "";
  /** A payload of another provider that waits for the part it can travel on. */
  let pending: Envelope | undefined;
  const calls = new Map<number, OpenCall>();
  const textStarts = new Map<number, number>();
  const reasoning = createFlatReasoning();

  function opened(start?: EventOf<"start">): ChunkWriter {
    writer ??= createChunkWriter({
      responseId: answerId(start?.responseId ?? "", context.idSeed),
      model: context.model,
    });
    return writer;
  }

  /** What waits, as a signature. */
  function takePending(): string | undefined {
    if (pending === undefined) return undefined;
    const signature = carry(pending);
    pending = undefined;
    // What follows a signature is a part of its own.
    reasoning.breakOff();
    return signature;
  }

  /** What waits and finds no part of its own travels on an empty one. */
  function flushPending(out: WireEvent[]): void {
    const signature = takePending();
    if (signature !== undefined) out.push(opened().part({ text: "", thought: true, thoughtSignature: signature }));
  }

  function startBlock(event: EventOf<"block-start">, out: WireEvent[]): void {
    const { block, opening } = event;
    switch (opening.kind) {
      case "text":
        textStarts.set(block, offsets.length);
        break;
      case "reasoning":
        flushPending(out);
        reasoning.open(block, opening);
        break;
      case "tool-call":
        calls.set(block, { opening, text: "" });
        break;
      case "refusal":
        break;
    }
  }

  function addText(event: EventOf<"text-delta">, out: WireEvent[]): void {
    const { delta } = event;
    if (delta === "") return;
    offsets.add(delta);
    reasoning.breakOff();
    const chunks = writer ?? opened();
    const signature = pending === undefined ? undefined : takePending();
    out.push(signature === undefined ? chunks.text(delta) : chunks.part({ text: delta, thoughtSignature: signature }));
  }

  function addReasoning(event: EventOf<"reasoning-delta">, out: WireEvent[]): void {
    const text = reasoning.add(event);
    if (text !== "") out.push(opened().thought(text));
  }

  function stopReasoning(event: EventOf<"block-stop">, { opening, shown }: OpenReasoning, out: WireEvent[]): void {
    const { payload, provenance } = event;
    if (payload === undefined || provenance === undefined) return;
    if (provenance.wire === wire) {
      out.push(opened().part({ text: "", thought: true, thoughtSignature: payload }));
      return;
    }
    const { itemId, redacted } = opening;
    const text = shown.carried(provenance.wire);
    pending = {
      provenance,
      payload,
      ...(text !== undefined && { text }),
      ...(itemId !== undefined && { itemId }),
      ...(redacted === true && { redacted }),
    };
  }

  /** The name the client gave the tool; a name it did not give is told as the upstream said it. */
  function clientName(opening: CallOpening): string {
    names ??= createToolNames(context.request.tools);
    const qualified = qualifiedToolName(opening.name, opening.namespace);
    return names.fromWire(qualified)?.name ?? qualified;
  }

  function stopCall(event: EventOf<"block-stop">, call: OpenCall, out: WireEvent[]): void {
    const { opening, text } = call;
    calls.delete(event.block);
    if (event.incomplete === true) {
      losses.dropped(`blocks[${event.block}]`, "a tool call that was cut off");
      return;
    }
    const block: ToolCallBlock = {
      type: "tool-call",
      callId: opening.callId,
      name: opening.name,
      kind: opening.toolKind,
      arguments: text,
    };
    const id = mapToolCallId(opening.callId, wire);
    const part = encodeCall(block, clientName(opening), id, `blocks[${event.block}]`, losses);
    const signature = event.payload ?? takePending();
    flushPending(out);
    reasoning.breakOff();
    out.push(opened().part(signature === undefined ? part : { ...part, thoughtSignature: signature }));
  }

  function stopBlock(event: EventOf<"block-stop">, out: WireEvent[]): void {
    const signature = ownFields(event.extras)["thoughtSignature"];
    if (typeof signature === "string") out.push(opened().part({ text: "", thoughtSignature: signature }));
    reportForeign(event.extras, `blocks[${event.block}]`, losses);
    const ended = reasoning.close(event.block);
    if (ended !== undefined) stopReasoning(event, ended, out);
    const call = calls.get(event.block);
    if (call !== undefined) stopCall(event, call, out);
  }

  function addCitation({ block, citation }: EventOf<"citation">): void {
    reportCitationPayload(citation, wire, losses);
    const start = textStarts.get(block) ?? 0;
    const { start: from, end } = citation;
    const startByte = from === undefined ? undefined : offsets.toBytes(start + from);
    grounding.add(citation, startByte, end === undefined ? undefined : offsets.toBytes(start + end));
  }

  function addRaw(event: EventOf<"raw">, out: WireEvent[]): void {
    if (event.wire === wire && isJsonObject(event.value)) out.push(opened().part(event.value));
    else losses.dropped("output", `something only ${event.wire} knows`);
  }

  function finish(event: EventOf<"finish">, out: WireEvent[]): void {
    flushPending(out);
    isEnded = true;
    const total = event.usage === undefined ? usage : mergeUsage(usage, event.usage);
    const message = refusalText(refused, event.refusal);
    const cited = grounding.end();
    const isRefused = refused !== "" && event.reason === "stop";
    const content: JsonObject = { parts: [{ text: "" }], role: "model" };
    const candidate: Fields = {
      content,
      finishReason: encodeFinish(isRefused ? "refusal" : event.reason),
      index: 0,
      ...(message !== undefined && { finishMessage: message }),
      ...(cited !== undefined && { groundingMetadata: cited }),
    };
    out.push(opened().finish(candidate, total && encodeUsage(total)));
  }

  function encode(event: StreamEvent, out: WireEvent[]): void {
    if (isEnded) return;
    switch (event.type) {
      case "text-delta":
        addText(event, out);
        return;
      case "reasoning-delta":
        addReasoning(event, out);
        return;
      case "tool-call-delta": {
        const call = calls.get(event.block);
        if (call !== undefined) call.text += event.argumentsDelta;
        return;
      }
      case "refusal-delta":
        refused += event.delta;
        return;
      case "start":
        opened(event);
        return;
      case "block-start":
        startBlock(event, out);
        return;
      case "block-stop":
        stopBlock(event, out);
        return;
      case "citation":
        addCitation(event);
        return;
      case "usage":
        usage = mergeUsage(usage, event.usage);
        return;
      case "raw":
        addRaw(event, out);
        return;
      case "finish":
        finish(event, out);
        return;
    }
  }

  return {
    encode,
    keepAlive: () => (isEnded ? undefined : keepAliveChunk),
    fail: (error) => {
      isEnded = true;
      return [errorChunk(error)];
    },
    report: losses.report,
  };
}
