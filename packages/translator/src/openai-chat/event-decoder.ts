import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  RouterError,
  type StreamEvent,
  type Usage,
  type WireEvent,
} from "@turnout/core";

import type { EventDecoder } from "../codec.ts";
import { decodeOpenaiStreamError } from "../openai-error-decode.ts";
import { parseEventObject } from "../parse-json.ts";
import { createLossCollector } from "../report.ts";
import { createCallReader } from "./call-reader.ts";
import { decodeAnnotation, readAnnotations } from "./citations.ts";
import { decodeFinish } from "./finish.ts";
import { makeReasoningBlocks, mergeDetails, readDetails, reasoningTextFields, thinkingPart } from "./reasoning.ts";
import { findUsage } from "./usage.ts";

/** What ends a Chat stream. */
export const doneData = "[DONE]";

/** True for the data that ends a Chat stream, with blanks around it as some servers write it. */
export function isDoneData(data: string): boolean {
  return data === doneData || (data.length < 16 && data.trim() === doneData);
}

/** A text, refusal or run of thoughts that is open; calls are open beside it. */
type OpenBlock =
  | { readonly kind: "text" | "refusal"; readonly block: number }
  | {
      readonly kind: "reasoning";
      readonly block: number;
      readonly field: string | undefined;
      text: string;
      readonly details: JsonObject[];
    };

const knownDeltaKeys = new Set<string>([
  ...reasoningTextFields,
  "reasoning_details",
  "role",
  "content",
  "refusal",
  "tool_calls",
  "function_call",
  "annotations",
]);
/** What some vendors repeat in every chunk and nobody needs. */
const paddingKeys = new Set(["obfuscation"]);

/** True for a chunk that is an error, in the shapes of OpenAI, OpenRouter and vLLM. */
export function isErrorChunk(chunk: JsonObject): boolean {
  const { error, object, type } = chunk;
  return (error !== undefined && error !== null) || object === "error" || type === "error";
}

function nonEmpty(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Reads a Chat stream of OpenAI or one of its many followers (translation.md 4.4 and 6). */
export function createEventDecoder(): EventDecoder {
  const losses = createLossCollector();
  let isStarted = false;
  let isDone = false;
  let id: string | undefined;
  let model: string | undefined;
  let createdAt: number | undefined;
  let serviceTier: string | undefined;
  let blocks = 0;
  let current: OpenBlock | undefined;
  let hasRefusal = false;
  let finishRaw: string | undefined;
  let usage: Usage | undefined;
  const calls = createCallReader({ nextBlock: () => blocks++, responseId: () => id ?? "", losses });

  function start(out: StreamEvent[]): void {
    if (isStarted) return;
    isStarted = true;
    out.push({
      type: "start",
      responseId: id ?? "",
      model: model ?? "",
      ...(createdAt !== undefined && { createdAt }),
      ...(serviceTier !== undefined && { serviceTier }),
    });
  }

  function close(out: StreamEvent[]): void {
    if (current === undefined) return;
    const closing = current;
    current = undefined;
    if (closing.kind !== "reasoning") {
      out.push({ type: "block-stop", block: closing.block });
      return;
    }
    const { block, field, text, details } = closing;
    const [first, ...others] = makeReasoningBlocks(text, field, mergeDetails(details));
    const { payload, provenance, extras } = first ?? {};
    out.push({
      type: "block-stop",
      block,
      ...(payload !== undefined && { payload }),
      ...(provenance !== undefined && { provenance }),
      ...(extras !== undefined && { extras }),
    });
    for (const { payload, provenance, extras } of others) {
      const extra = blocks++;
      out.push(
        { type: "block-start", block: extra, opening: { kind: "reasoning" } },
        {
          type: "block-stop",
          block: extra,
          ...(payload !== undefined && { payload }),
          ...(provenance !== undefined && { provenance }),
          ...(extras !== undefined && { extras }),
        },
      );
    }
  }

  /** The open block of this kind; another kind is closed first, so thinking twice makes two blocks (T12). */
  function openText(kind: "text" | "refusal", out: StreamEvent[]): number {
    if (current?.kind === kind) return current.block;
    close(out);
    current = { kind, block: blocks++ };
    out.push({ type: "block-start", block: current.block, opening: { kind } });
    return current.block;
  }

  function addText(delta: string, out: StreamEvent[]): void {
    out.push({ type: "text-delta", block: openText("text", out), delta });
  }

  function addReasoning(
    text: string,
    field: string | undefined,
    details: readonly JsonObject[],
    out: StreamEvent[],
  ): void {
    if (current?.kind !== "reasoning") {
      close(out);
      current = { kind: "reasoning", block: blocks++, field, text: "", details: [] };
      out.push({ type: "block-start", block: current.block, opening: { kind: "reasoning" } });
    }
    current.details.push(...details);
    if (text === "") return;
    current.text += text;
    out.push({ type: "reasoning-delta", block: current.block, part: 0, form: "raw", delta: text });
  }

  function readReasoning(delta: JsonObject, out: StreamEvent[]): void {
    const field = reasoningTextFields.find((name) => nonEmpty(delta[name]) !== undefined);
    const details = readDetails(delta["reasoning_details"]);
    if (field === undefined && details.length === 0) return;
    const text = field === undefined ? undefined : nonEmpty(delta[field]);
    const told = details.map((detail) => nonEmpty(detail["text"] ?? detail["summary"]) ?? "").join("");
    // Details often repeat the text of the field beside them, or of the fields before them.
    const isRepeated = current?.kind === "reasoning" && current.field !== undefined;
    addReasoning(text ?? (isRepeated ? "" : told), field, details, out);
  }

  /** Mistral's list of parts, thoughts among them. */
  function readParts(parts: readonly JsonValue[], out: StreamEvent[]): void {
    for (const part of parts) {
      if (!isJsonObject(part)) continue;
      const { type, text, thinking } = part;
      if (typeof text === "string" && text !== "") addText(text, out);
      else if (Array.isArray(thinking)) {
        for (const thought of thinking) {
          const said = isJsonObject(thought) ? nonEmpty(thought["text"]) : undefined;
          if (said !== undefined) addReasoning(said, thinkingPart, [], out);
        }
      } else if (typeof type === "string" && type !== "text") {
        losses.dropped("choices[0].delta.content", `a part of type \`${type}\``);
      }
    }
  }

  function readDelta(delta: JsonObject, out: StreamEvent[]): void {
    // One delta may hold everything at once, in this order (T84).
    readReasoning(delta, out);
    const { content, refusal, tool_calls: toolCalls, function_call: functionCall } = delta;
    if (typeof content === "string") {
      if (content !== "") addText(content, out);
    } else if (Array.isArray(content)) readParts(content as readonly JsonValue[], out);
    const refused = nonEmpty(refusal);
    if (refused !== undefined) {
      hasRefusal = true;
      out.push({ type: "refusal-delta", block: openText("refusal", out), delta: refused });
    }
    for (const annotation of readAnnotations(delta["annotations"])) {
      out.push({ type: "citation", block: openText("text", out), citation: decodeAnnotation(annotation) });
    }
    if (Array.isArray(toolCalls) && toolCalls.length > 0) {
      close(out);
      for (const [position, entry] of toolCalls.entries()) {
        if (isJsonObject(entry)) calls.read(entry, position, out);
      }
    }
    if (isJsonObject(functionCall)) {
      close(out);
      calls.read({ index: 0, function: functionCall }, 0, out);
    }
    for (const key in delta) {
      if (knownDeltaKeys.has(key) || paddingKeys.has(key) || delta[key] === null) continue;
      losses.dropped(`choices[0].delta.${key}`, "only a Chat client can read it");
    }
  }

  function readChoice(choice: JsonObject, out: StreamEvent[]): void {
    const { index, delta, message, finish_reason: reason, logprobs } = choice;
    if (typeof index === "number" && index !== 0) {
      losses.dropped(`choices[${index}]`, "an answer has one choice here");
      return;
    }
    if (isJsonObject(delta)) readDelta(delta, out);
    // A whole message instead of deltas, from servers that stream in name only.
    else if (isJsonObject(message) && blocks === 0) readDelta(message, out);
    if (isJsonObject(logprobs) && logprobs["content"] !== null) {
      losses.dropped("choices[0].logprobs", "only a Chat client can read it");
    }
    const raw = nonEmpty(reason);
    // The first word stays, except that anything says more than `stop` (T95).
    if (raw !== undefined && (finishRaw === undefined || finishRaw === "stop")) finishRaw = raw;
  }

  function finish(out: StreamEvent[]): void {
    isDone = true;
    start(out);
    close(out);
    calls.close(out);
    const reason = decodeFinish(finishRaw, { hasCalls: calls.count > 0, hasRefusal });
    if (reason === "error") {
      throw new RouterError("upstream-failed", `Upstream gave up inside its answer: finish reason \`${finishRaw}\``, {
        status: undefined,
        upstreamCode: finishRaw,
      });
    }
    out.push({
      type: "finish",
      reason,
      ...(finishRaw !== undefined && { raw: finishRaw }),
      ...(usage !== undefined && { usage }),
    });
  }

  function readChunk(chunk: JsonObject, out: StreamEvent[]): void {
    if (isErrorChunk(chunk)) throw decodeOpenaiStreamError(chunk);
    if (!isStarted) {
      id ??= nonEmpty(chunk["id"]);
      model ??= nonEmpty(chunk["model"]);
      if (createdAt === undefined && typeof chunk["created"] === "number" && chunk["created"] > 0) {
        createdAt = chunk["created"];
      }
      serviceTier ??= nonEmpty(chunk["service_tier"]);
    }
    const { choices } = chunk;
    let first: JsonObject | undefined;
    // Azure opens with a chunk about the prompt that has no choices and no id: the answer begins after it.
    if (Array.isArray(choices) && choices.length > 0) {
      start(out);
      for (const choice of choices as readonly JsonValue[]) {
        if (!isJsonObject(choice)) continue;
        first ??= choice;
        readChoice(choice, out);
      }
    }
    usage = findUsage(chunk, first) ?? usage;
  }

  return {
    decode: (event: WireEvent, out: StreamEvent[]) => {
      // Nothing after the end is read (T102).
      if (isDone) return;
      if (isDoneData(event.data)) finish(out);
      else readChunk(parseEventObject(event.data, "Chat chunk"), out);
    },
    end: (out) => {
      if (isDone) return;
      if (finishRaw === undefined) {
        throw new RouterError(
          "upstream-unavailable",
          "Cannot finish the answer: the upstream's stream ended before it",
          {
            status: undefined,
            requestSent: true,
          },
        );
      }
      finish(out);
    },
    report: losses.report,
  };
}
