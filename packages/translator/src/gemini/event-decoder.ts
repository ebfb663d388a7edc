import { isJsonObject, type JsonObject, RouterError, type StreamEvent, type WireEvent } from "@turnout/core";

import type { DecodeAnswerOptions, EventDecoder } from "../codec.ts";
import { objectIn } from "../fields.ts";
import { parseEventObject } from "../parse-json.ts";
import { createLossCollector } from "../report.ts";
import { type AnswerCall, createCallFactory } from "./call-answer.ts";
import {
  blockReason,
  createdAtOf,
  type EndFacts,
  endFacts,
  indexOf,
  isErrorDocument,
  partsOf,
  partText,
  readEnd,
  unwrapAnswer,
} from "./chunk.ts";
import { type CitedText, decodeCitations } from "./citations.ts";
import { decodeStreamError } from "./error-decode.ts";
import { objectsIn, textIn, wire } from "./extras.ts";
import { createTextChunkReader } from "./text-chunk.ts";
import { decodeUsage, hasCounts } from "./usage.ts";

/** Text kept for citations, whose places are told at the end; a longer answer has none. In UTF-16 units. */
const maxKeptText = 4 * 1024 * 1024;

/** How far from the end of a chunk its usage begins at most; the text before it may be long. */
const maxUsageLength = 2000;

/** A text or a run of thoughts that is open. */
interface OpenBlock {
  readonly kind: "text" | "reasoning";
  readonly block: number;
  /** With it the block is full: text that follows belongs to another one. */
  signature: string | undefined;
}

interface TextRecord extends CitedText {
  readonly block: number;
  text: string;
}

/** Reads a stream whose every chunk is a whole `GenerateContentResponse` with the next parts (translation.md 4.4). */
export function createEventDecoder(options: DecodeAnswerOptions = {}): EventDecoder {
  const losses = createLossCollector();
  let isStarted = false;
  let id = "";
  let blocks = 0;
  let hasContent = false;
  let current: OpenBlock | undefined;
  let call: { readonly block: number; readonly call: AnswerCall } | undefined;
  let end: EndFacts | undefined;
  let usage: JsonObject | undefined;
  /** The last chunk with counters that was not parsed; read at the end. */
  let usageData: string | undefined;
  const plain = createTextChunkReader();
  let cited: JsonObject = {};
  let kept = 0;
  const texts: TextRecord[] = [];
  const calls = createCallFactory(() => id, options.request);

  function start(answer: JsonObject, out: StreamEvent[]): void {
    if (isStarted) return;
    isStarted = true;
    id = textIn(answer, "responseId") ?? "";
    const createdAt = createdAtOf(answer);
    out.push({
      type: "start",
      responseId: id,
      model: textIn(answer, "modelVersion") ?? "",
      ...(createdAt !== undefined && { createdAt }),
    });
  }

  function close(out: StreamEvent[]): void {
    if (current === undefined) return;
    const { kind, block, signature } = current;
    current = undefined;
    if (kind === "reasoning") {
      out.push({
        type: "block-stop",
        block,
        ...(signature !== undefined && { payload: signature }),
        provenance: { wire },
      });
    } else if (signature === undefined) out.push({ type: "block-stop", block });
    else out.push({ type: "block-stop", block, extras: { wire, fields: { thoughtSignature: signature } } });
  }

  function open(kind: OpenBlock["kind"], out: StreamEvent[]): OpenBlock {
    close(out);
    closeCall(false, out);
    current = { kind, block: blocks++, signature: undefined };
    out.push({ type: "block-start", block: current.block, opening: { kind } });
    if (kind === "text") texts.push({ block: current.block, text: "", citations: [] });
    return current;
  }

  function addText(kind: OpenBlock["kind"], text: string, signature: string | undefined, out: StreamEvent[]): void {
    if (text === "" && signature === undefined) return;
    // A signature on an empty part belongs to what was said last.
    const isTrailing = text === "" && current !== undefined && current.signature === undefined;
    const continues = current !== undefined && current.kind === kind && current.signature === undefined;
    const target = current !== undefined && (continues || isTrailing) ? current : open(kind, out);
    if (signature !== undefined) target.signature = signature;
    if (text === "") return;
    hasContent = true;
    if (kind === "reasoning") {
      out.push({ type: "reasoning-delta", block: target.block, part: 0, form: "summary", delta: text });
      return;
    }
    out.push({ type: "text-delta", block: target.block, delta: text });
    kept += text.length;
    const record = texts.at(-1);
    if (record !== undefined && kept <= maxKeptText) record.text += text;
  }

  function closeCall(isCut: boolean, out: StreamEvent[]): void {
    if (call === undefined) return;
    const { block, call: closing } = call;
    call = undefined;
    out.push(
      { type: "tool-call-delta", block, argumentsDelta: closing.text() },
      {
        type: "block-stop",
        block,
        ...(closing.payload !== undefined && { payload: closing.payload }),
        ...(isCut && { incomplete: true }),
      },
    );
  }

  function addCall(part: JsonObject, out: StreamEvent[]): void {
    const piece = objectIn(part, "functionCall");
    const opened = calls.create(part);
    if (opened === undefined) {
      if (call === undefined) {
        losses.dropped("candidates[0].content.parts", "a piece of a tool call that was not opened");
        return;
      }
      call.call.add(piece);
      if (piece["willContinue"] !== true) closeCall(false, out);
      return;
    }
    close(out);
    closeCall(false, out);
    const block = blocks++;
    const { callId, name, kind } = opened;
    out.push({ type: "block-start", block, opening: { kind: "tool-call", callId, name, toolKind: kind } });
    call = { block, call: opened };
    if (!opened.isOpen) closeCall(false, out);
  }

  function readPart(part: JsonObject, out: StreamEvent[]): void {
    const text = partText(part);
    if (text !== undefined) {
      addText(part["thought"] === true ? "reasoning" : "text", text, textIn(part, "thoughtSignature"), out);
    } else if (isJsonObject(part["functionCall"])) addCall(part, out);
    else {
      close(out);
      closeCall(false, out);
      hasContent = true;
      out.push({ type: "raw", wire, value: part });
    }
  }

  function readCandidate(answer: JsonObject, candidate: JsonObject, out: StreamEvent[]): void {
    if (indexOf(candidate) !== 0) {
      losses.dropped(`candidates[${indexOf(candidate)}]`, "an answer has one candidate here");
      return;
    }
    for (const part of partsOf(candidate)) readPart(part, out);
    const facts = endFacts(answer, candidate);
    if (facts.raw !== undefined) end = facts;
    const { groundingMetadata, citationMetadata } = candidate;
    if (groundingMetadata !== undefined) cited = { ...cited, groundingMetadata };
    if (citationMetadata !== undefined) cited = { ...cited, citationMetadata };
  }

  function readChunk(answer: JsonObject, out: StreamEvent[]): void {
    if (isErrorDocument(answer)) throw decodeStreamError(answer);
    const candidates = objectsIn(answer, "candidates");
    if (candidates.length > 0 || blockReason(answer) !== undefined) start(answer, out);
    // A finish reason ends the answer; counters may still come, words may not.
    if (end === undefined) for (const candidate of candidates) readCandidate(answer, candidate, out);
    if (candidates.length === 0 && blockReason(answer) !== undefined) end ??= endFacts(answer, undefined);
    const { usageMetadata } = answer;
    // Vertex also sends snapshots without numbers; the last one with numbers counts.
    if (isJsonObject(usageMetadata) && (hasCounts(usageMetadata) || !hasCounts(usage))) {
      usage = usageMetadata;
      if (hasCounts(usage)) usageData = undefined;
    }
  }

  /** Citations come with the last chunk. Only a block that is still open can take its own. */
  function cite(out: StreamEvent[]): void {
    if (kept > maxKeptText) {
      if (Object.keys(cited).length > 0) losses.dropped("candidates[0].groundingMetadata", "the text is too long");
      return;
    }
    decodeCitations(cited, texts);
    for (const { block, citations } of texts) {
      if (citations.length === 0) continue;
      if (block !== current?.block) {
        losses.dropped("candidates[0].groundingMetadata", "citations of a text that is followed by something else");
        continue;
      }
      for (const citation of citations) out.push({ type: "citation", block, citation });
    }
  }

  return {
    decode: (event: WireEvent, out: StreamEvent[]) => {
      const { data } = event;
      const text = isStarted && end === undefined ? plain.read(data) : undefined;
      if (text !== undefined) {
        addText("text", text, undefined, out);
        if (data.includes('"promptTokenCount"', data.length - maxUsageLength)) usageData = data;
        return;
      }
      const chunk = parseEventObject(data, "Gemini chunk");
      readChunk(unwrapAnswer(chunk), out);
      plain.learn(data, chunk);
    },
    end: (out) => {
      if (end === undefined) {
        const message = "Cannot finish the answer: the upstream's stream ended before it";
        throw new RouterError("upstream-unavailable", message, { status: undefined, requestSent: true });
      }
      const facts = end;
      cite(out);
      close(out);
      // A piece that says "more follows" and is the last one: whole unless the model was cut off (recorded).
      closeCall(facts.raw === "MAX_TOKENS", out);
      const { reason, refusal } = readEnd(facts, { hasCalls: calls.count > 0, hasContent });
      if (reason === "error") throw failedFinish(facts);
      const late = usageData === undefined ? undefined : parseEventObject(usageData, "Gemini chunk")["usageMetadata"];
      const counted = decodeUsage(late ?? usage);
      out.push({
        type: "finish",
        reason,
        ...(facts.raw !== undefined && { raw: facts.raw }),
        ...(refusal !== undefined && { refusal }),
        ...(counted !== undefined && { usage: counted }),
      });
    },
    report: losses.report,
  };
}

/** An answer that ended with an error word and says nothing. */
export function failedFinish(facts: EndFacts): RouterError {
  const said = facts.message === undefined ? "" : `: ${facts.message}`;
  return new RouterError("upstream-failed", `Upstream gave up: finish reason \`${facts.raw ?? ""}\`${said}`, {
    status: undefined,
    upstreamCode: facts.raw,
  });
}
