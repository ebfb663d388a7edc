import type { RefusalDetails, StreamEvent, Usage, WireEvent } from "@turnout/core";

import type { AnswerContext, EventEncoder } from "../codec.ts";
import { mergeUsage } from "../fold.ts";
import { createLossCollector } from "../report.ts";
import { createToolNames } from "../tool-names.ts";
import { answerId } from "./answer-content.ts";
import { type BlockWriter, createBlockWriter } from "./block-writer.ts";
import { errorDocument } from "./error.ts";
import { reportForeign } from "./extras.ts";
import { encodeFinish } from "./finish.ts";
import { encodeRefusal } from "./refusal.ts";
import { encodeTier, encodeUsage } from "./usage.ts";

type EventOf<T extends StreamEvent["type"]> = Extract<StreamEvent, { type: T }>;

/** What a refusal says is told once, at the end; more of it than this is not kept. */
const maxRefusalLength = 16_384;

/** Comments would do as well, but this is what Anthropic sends. */
export const pingEvent: WireEvent = { type: "ping", data: '{"type": "ping"}' };

/** Writes a Messages stream: one block after another, all counters at the end (T101, T117). */
export function createEventEncoder(context: AnswerContext): EventEncoder {
  const losses = createLossCollector();
  let blocks: BlockWriter | undefined;
  let isOver = false;
  let usage: Usage | undefined;
  let serviceTier: string | undefined;
  let refusal = "";
  const refusals = new Set<number>();

  function start(event: EventOf<"start"> | undefined, out: WireEvent[]): BlockWriter {
    if (blocks !== undefined) return blocks;
    blocks = createBlockWriter({ losses, names: createToolNames(context.request.tools) });
    serviceTier = encodeTier(event?.serviceTier);
    const message = {
      id: answerId(event?.responseId ?? "", context),
      type: "message",
      role: "assistant",
      model: context.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: 0,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 0,
        ...(serviceTier !== undefined && { service_tier: serviceTier }),
      },
    };
    out.push({ type: "message_start", data: JSON.stringify({ type: "message_start", message }) });
    return blocks;
  }

  function openBlock(event: EventOf<"block-start">, out: WireEvent[]): void {
    // A refusal has no block here (translation.md 3.4).
    if (event.opening.kind === "refusal") refusals.add(event.block);
    else start(undefined, out).open(event.block, event.opening, out);
  }

  function addRefusal(event: EventOf<"refusal-delta">): void {
    if (refusals.has(event.block) && refusal.length < maxRefusalLength) refusal += event.delta;
  }

  function fail(out: WireEvent[]): void {
    const error = { type: "api_error", message: "The upstream ended the answer with an error" };
    out.push({ type: "error", data: JSON.stringify({ type: "error", error }) });
  }

  function finish(event: EventOf<"finish">, out: WireEvent[]): void {
    const writer = start(undefined, out);
    isOver = true;
    writer.end(out);
    if (event.usage !== undefined) usage = mergeUsage(usage, event.usage);
    if (event.reason === "error") {
      fail(out);
      return;
    }
    const isRefused = refusal !== "" || event.reason === "refusal" || event.reason === "content-filter";
    const details: RefusalDetails | undefined = event.refusal;
    const delta = {
      stop_reason: isRefused ? "refusal" : encodeFinish(event.reason, writer.hasCalls),
      stop_sequence: event.stopSequence ?? null,
      ...(isRefused && { stop_details: encodeRefusal(refusal, details) }),
    };
    const data = JSON.stringify({ type: "message_delta", delta, usage: encodeUsage(usage) });
    out.push({ type: "message_delta", data }, { type: "message_stop", data: '{"type":"message_stop"}' });
  }

  function encode(event: StreamEvent, out: WireEvent[]): void {
    if (isOver) return;
    switch (event.type) {
      case "text-delta":
      case "reasoning-delta":
      case "tool-call-delta":
      case "citation":
        blocks?.add(event, out);
        return;
      case "block-stop":
        if (event.extras !== undefined) reportForeign(event.extras, `blocks[${event.block}]`, losses);
        blocks?.add(event, out);
        return;
      case "refusal-delta":
        addRefusal(event);
        return;
      case "start":
        start(event, out);
        return;
      case "block-start":
        openBlock(event, out);
        return;
      case "usage":
        usage = mergeUsage(usage, event.usage);
        return;
      case "raw":
        start(undefined, out).raw(event, out);
        return;
      case "finish":
        finish(event, out);
        return;
    }
  }

  return {
    encode,
    keepAlive: () => (isOver ? undefined : pingEvent),
    fail: (error, requestId) => {
      if (isOver) return [];
      isOver = true;
      return [{ type: "error", data: JSON.stringify(errorDocument(error, requestId)) }];
    },
    report: losses.report,
  };
}
