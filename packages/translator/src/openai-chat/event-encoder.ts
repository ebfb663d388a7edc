import { type AnyRouterError, isJsonObject, type StreamEvent, type Usage, type WireEvent } from "@turnout/core";

import type { AnswerContext, EventEncoder } from "../codec.ts";
import { createFlatReasoning, type OpenReasoning } from "../flat-reasoning.ts";
import { mergeUsage } from "../fold.ts";
import { mapToolCallId } from "../ids.ts";
import { openaiErrorObject } from "../openai-error.ts";
import { createLossCollector } from "../report.ts";
import { clientToolName, createToolNames, type ToolNames } from "../tool-names.ts";
import { answerId } from "./answer-names.ts";
import { type ChunkWriter, createChunkWriter } from "./chunk-writer.ts";
import { encodeAnnotation } from "./citations.ts";
import { ownFields, reportForeign, wire } from "./extras.ts";
import { encodeFinish, refusalText } from "./finish.ts";
import { payloadDetail, readDetails } from "./reasoning.ts";
import { encodeUsage } from "./usage.ts";

type EventOf<T extends StreamEvent["type"]> = Extract<StreamEvent, { type: T }>;

const roleDelta = '{"role":"assistant","content":"","refusal":null}';

interface OpenCall {
  readonly index: number;
  readonly key: "function" | "custom";
}

/** An error chunk; it is the last thing on a stream, without `[DONE]` (translation.md 4.6). */
export function errorChunk(error: AnyRouterError): WireEvent {
  return { type: "", data: JSON.stringify({ error: openaiErrorObject(error) }) };
}

/** Writes a Chat stream: the role first, one finish, and the usage when the client asked for it. */
export function createEventEncoder(context: AnswerContext): EventEncoder {
  const losses = createLossCollector();
  const includeUsage = context.request.includeUsage === true;
  let names: ToolNames | undefined;
  let writer: ChunkWriter | undefined;
  let isEnded = false;
  let usage: Usage | undefined;
  let hasRefused = false;
  let contentLength = 0;
  let details = 0;
  const calls = new Map<number, OpenCall>();
  const textOffsets = new Map<number, number>();
  const reasoning = createFlatReasoning();

  function open(start?: EventOf<"start">): ChunkWriter {
    return createChunkWriter({
      id: answerId(start?.responseId ?? "", context.idSeed),
      model: context.model,
      createdAt: start?.createdAt ?? context.createdAt,
      serviceTier: start?.serviceTier,
      includeUsage,
    });
  }

  /** The writer, after the role chunk whatever comes first (T93). */
  function opened(out: WireEvent[], start?: EventOf<"start">): ChunkWriter {
    if (writer !== undefined) return writer;
    writer = open(start);
    out.push(writer.delta(roleDelta));
    return writer;
  }

  function startBlock(event: EventOf<"block-start">, out: WireEvent[]): void {
    const { block, opening } = event;
    switch (opening.kind) {
      case "text":
        textOffsets.set(block, contentLength);
        break;
      case "reasoning":
        reasoning.open(block, opening);
        break;
      case "tool-call": {
        names ??= createToolNames(context.request.tools);
        const key = opening.toolKind;
        const call: OpenCall = { index: calls.size, key };
        calls.set(block, call);
        const id = JSON.stringify(mapToolCallId(opening.callId, wire));
        const name = JSON.stringify(clientToolName(names, opening.name, opening.namespace));
        const text = key === "custom" ? "input" : "arguments";
        out.push(
          opened(out).delta(
            `{"tool_calls":[{"index":${call.index},"id":${id},"type":"${key}","${key}":{"name":${name},"${text}":""}}]}`,
          ),
        );
        break;
      }
      case "refusal":
        break;
    }
  }

  function addReasoning(event: EventOf<"reasoning-delta">, out: WireEvent[]): void {
    const text = reasoning.add(event);
    if (text !== "") out.push(opened(out).reasoning(text));
  }

  function addArguments(event: EventOf<"tool-call-delta">, out: WireEvent[]): void {
    const call = calls.get(event.block);
    if (call === undefined || event.argumentsDelta === "") return;
    const text = JSON.stringify(event.argumentsDelta);
    const field = call.key === "custom" ? `"custom":{"input":${text}}` : `"function":{"arguments":${text}}`;
    out.push(opened(out).delta(`{"tool_calls":[{"index":${call.index},${field}}]}`));
  }

  function stopReasoning(event: EventOf<"block-stop">, { opening, shown }: OpenReasoning, out: WireEvent[]): void {
    const own = ownFields(event.extras);
    const kept = readDetails(own["reasoning_details"]);
    if (kept.length > 0) {
      details += kept.length;
      out.push(opened(out).delta(JSON.stringify({ reasoning_details: kept })));
    } else if (event.payload !== undefined && own["$shared"] === undefined) {
      const { payload, provenance } = event;
      const { itemId } = opening;
      const detail = payloadDetail(
        { payload, ...(provenance !== undefined && { provenance }), ...(itemId !== undefined && { itemId }) },
        shown.carried(provenance?.wire),
        details,
      );
      details += 1;
      out.push(opened(out).delta(JSON.stringify({ reasoning_details: [detail] })));
    }
  }

  function stopBlock(event: EventOf<"block-stop">, out: WireEvent[]): void {
    if (event.extras !== undefined) reportForeign(event.extras, `blocks[${event.block}]`, losses);
    const ended = reasoning.close(event.block);
    if (ended !== undefined) stopReasoning(event, ended, out);
    const call = calls.get(event.block);
    if (call !== undefined && event.payload !== undefined) {
      const signature = { google: { thought_signature: event.payload } };
      // Strict readers of the format (the AI SDK, 2026-11) want `function` in every piece of a call.
      const piece = { index: call.index, function: { arguments: "" }, extra_content: signature };
      const json = JSON.stringify({ tool_calls: [piece] });
      out.push(opened(out).delta(json));
    }
    textOffsets.delete(event.block);
  }

  function addCitation(event: EventOf<"citation">, out: WireEvent[]): void {
    const offset = textOffsets.get(event.block) ?? 0;
    const annotation = encodeAnnotation(event.citation, offset, `blocks[${event.block}].citations`, losses);
    if (annotation !== undefined) out.push(opened(out).delta(JSON.stringify({ annotations: [annotation] })));
  }

  function addRefusal(delta: string, out: WireEvent[]): void {
    if (delta === "") return;
    hasRefused = true;
    out.push(opened(out).delta(`{"refusal":${JSON.stringify(delta)}}`));
  }

  function addRaw(event: EventOf<"raw">): void {
    const { value } = event;
    const type = isJsonObject(value) && typeof value["type"] === "string" ? value["type"] : event.wire;
    losses.dropped(type, "only a client of the upstream's own format can read it");
  }

  function finish(event: EventOf<"finish">, out: WireEvent[]): void {
    const chunks = opened(out);
    const isRefused = event.reason === "refusal" || event.refusal?.explanation !== undefined;
    if (isRefused && !hasRefused) addRefusal(refusalText(event.refusal), out);
    out.push(chunks.finish(encodeFinish(event.reason, calls.size > 0)));
    const total = event.usage === undefined ? usage : mergeUsage(usage, event.usage);
    if (includeUsage && total !== undefined) out.push(chunks.usage(JSON.stringify(encodeUsage(total))));
    isEnded = true;
  }

  function encode(event: StreamEvent, out: WireEvent[]): void {
    if (isEnded) return;
    switch (event.type) {
      case "text-delta":
        if (event.delta === "") return;
        contentLength += event.delta.length;
        out.push((writer ?? opened(out)).content(event.delta));
        return;
      case "reasoning-delta":
        addReasoning(event, out);
        return;
      case "tool-call-delta":
        addArguments(event, out);
        return;
      case "refusal-delta":
        addRefusal(event.delta, out);
        return;
      case "start":
        opened(out, event);
        return;
      case "block-start":
        startBlock(event, out);
        return;
      case "block-stop":
        stopBlock(event, out);
        return;
      case "citation":
        addCitation(event, out);
        return;
      case "usage":
        usage = mergeUsage(usage, event.usage);
        return;
      case "raw":
        addRaw(event);
        return;
      case "finish":
        finish(event, out);
        return;
    }
  }

  return {
    encode,
    keepAlive: () => {
      if (writer !== undefined) return writer.delta("{}");
      // Nothing was said yet: the role can be, under an id of our own that the stream then keeps.
      writer = open();
      return writer.delta(roleDelta);
    },
    fail: (error) => {
      isEnded = true;
      return [errorChunk(error)];
    },
    report: losses.report,
  };
}
