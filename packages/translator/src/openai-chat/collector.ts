import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, RouterError, type WireEvent } from "@turnout/core";

import type { DocumentCollector } from "../codec.ts";
import { decodeOpenaiStreamError } from "../openai-error-decode.ts";
import { parseEventObject } from "../parse-json.ts";
import { calledIn, findCall, type KnownCall, textIn } from "./call-reader.ts";
import { isDoneData, isErrorChunk } from "./event-decoder.ts";
import type { Fields } from "./extras.ts";
import { mergeDetails, readDetails, thinkingPart } from "./reasoning.ts";

interface CollectedCall extends KnownCall {
  id: string;
  name: string;
  text: string;
  readonly key: number | undefined;
  readonly kind: "function" | "custom";
  readonly fields: Fields;
}

interface CollectedChoice {
  readonly fields: Fields;
  readonly message: Fields;
  readonly calls: CollectedCall[];
  readonly logprobs: Fields;
  details: JsonObject[];
  finish: string | undefined;
}

/** Padding against eavesdroppers; it says nothing. */
const paddingKey = "obfuscation";

const callKeys = new Set(["index", "id", "type", "function", "custom"]);

/** Text grows, lists grow, objects grow field by field, anything else is replaced; `null` says nothing new. */
function grow(target: Fields, source: JsonObject, except?: ReadonlySet<string>): void {
  for (const [key, value] of Object.entries(source)) {
    if (value === undefined || except?.has(key) === true) continue;
    const before = target[key];
    if (before === undefined || before === null) target[key] = value;
    else if (typeof before === "string" && typeof value === "string") target[key] = before + value;
    else if (isJsonArray(before) && isJsonArray(value)) target[key] = [...before, ...value];
    else if (isJsonObject(before) && isJsonObject(value)) {
      const merged: Fields = { ...before } as Fields;
      grow(merged, value);
      target[key] = merged;
    } else if (value !== null) target[key] = value;
  }
}

/** The later value counts, unless it is `null`. */
function replace(target: Fields, source: JsonObject, except: ReadonlySet<string>): void {
  for (const [key, value] of Object.entries(source)) {
    if (value === undefined || except.has(key)) continue;
    if (value !== null || !Object.hasOwn(target, key)) target[key] = value;
  }
}

const identityKeys = ["id", "created", "model"] as const;
const topKeys = new Set<string>([...identityKeys, "object", "choices", paddingKey]);
const choiceKeys = new Set(["index", "delta", "message", "finish_reason", "logprobs"]);
const partKeys = new Set(["type", thinkingPart]);
const deltaKeys = new Set(["role", "content", "tool_calls", "reasoning_details", paddingKey]);

function addCall(choice: CollectedChoice, entry: JsonObject, position: number): void {
  const { kind, called } = calledIn(entry);
  const name = textIn(called, "name");
  let call = findCall(choice.calls, entry, position);
  if (call === undefined) {
    const key = typeof entry["index"] === "number" ? entry["index"] : undefined;
    call = { key, id: "", name: "", text: "", kind, fields: {} };
    choice.calls.push(call);
  }
  if (call.id === "" && typeof entry["id"] === "string") call.id = entry["id"];
  if (call.name === "") call.name = name;
  call.text += textIn(called, kind === "custom" ? "input" : "arguments");
  replace(call.fields, entry, callKeys);
}

/** `content` is text, or with Mistral now text and now a list of parts; a list once is a list to the end. */
function addContent(message: Fields, content: JsonValue | undefined): void {
  const before = message["content"];
  if (content === undefined || (content === null && before !== undefined)) return;
  if (!Array.isArray(content) && !Array.isArray(before)) {
    message["content"] = typeof content === "string" && typeof before === "string" ? before + content : content;
    return;
  }
  const parts: Fields[] = [];
  for (const value of [before, content]) {
    if (typeof value === "string" && value !== "") addPart(parts, { type: "text", text: value });
    if (Array.isArray(value))
      for (const part of value as readonly JsonValue[]) if (isJsonObject(part)) addPart(parts, part);
  }
  message["content"] = parts;
}

/** Parts of one type continue each other, and so do those inside Mistral's thoughts. */
function addPart(parts: Fields[], part: JsonObject): void {
  const last = parts.at(-1);
  if (last === undefined || last["type"] !== part["type"]) {
    const copy: Fields = {};
    grow(copy, part);
    parts.push(copy);
    return;
  }
  grow(last, part, partKeys);
  const thoughts: Fields[] = [];
  for (const list of [last[thinkingPart], part[thinkingPart]]) {
    if (Array.isArray(list)) for (const thought of list.filter(isJsonObject)) addPart(thoughts, thought);
  }
  if (thoughts.length > 0) last[thinkingPart] = thoughts;
}

function addDelta(choice: CollectedChoice, delta: JsonObject): void {
  addContent(choice.message, delta["content"]);
  grow(choice.message, delta, deltaKeys);
  const { tool_calls: toolCalls, reasoning_details: details } = delta;
  if (details !== undefined) choice.details.push(...readDetails(details));
  if (!Array.isArray(toolCalls)) return;
  for (const [position, entry] of toolCalls.entries()) if (isJsonObject(entry)) addCall(choice, entry, position);
}

function finishCall(call: CollectedCall): JsonValue {
  const { id, kind, name, text, fields } = call;
  const called = kind === "custom" ? { name, input: text } : { name, arguments: text };
  return { ...(id !== "" && { id }), type: kind, [kind]: called, ...fields };
}

function finishMessage(choice: CollectedChoice): Fields {
  const { content, ...rest } = choice.message;
  const calls = choice.calls.filter((call) => call.name !== "");
  const hasCalls = calls.length > 0 || isJsonObject(rest["function_call"]);
  return {
    role: "assistant",
    // Streams open with an empty text; beside calls a whole answer says `null`.
    content: content === "" && hasCalls ? null : (content ?? null),
    ...rest,
    ...(choice.details.length > 0 && { reasoning_details: mergeDetails(choice.details) }),
    ...(calls.length > 0 && { tool_calls: calls.map(finishCall) }),
  };
}

function finishChoice(index: number, choice: CollectedChoice): Fields {
  const message = finishMessage(choice);
  const fallback = message["tool_calls"] === undefined ? "stop" : "tool_calls";
  const logprobs = Object.keys(choice.logprobs).length > 0 ? { logprobs: choice.logprobs } : {};
  return { index, message, ...logprobs, finish_reason: choice.finish ?? fallback, ...choice.fields };
}

/** Makes one `chat.completion` of a stream of chunks; unknown fields stay. */
export function createDocumentCollector(): DocumentCollector {
  const top: Fields = {};
  const choices = new Map<number, CollectedChoice>();
  let isDone = false;

  function choiceAt(index: number): CollectedChoice {
    let choice = choices.get(index);
    if (choice === undefined) {
      choice = { fields: {}, message: {}, calls: [], logprobs: {}, details: [], finish: undefined };
      choices.set(index, choice);
    }
    return choice;
  }

  function addChoice(entry: JsonObject): void {
    const { index, delta, message, finish_reason: reason, logprobs } = entry;
    const isNew = typeof index !== "number" || !choices.has(index);
    const choice = choiceAt(typeof index === "number" ? index : 0);
    if (isJsonObject(delta)) addDelta(choice, delta);
    else if (isJsonObject(message) && isNew) addDelta(choice, message);
    if (isJsonObject(logprobs)) grow(choice.logprobs, logprobs);
    // The first word stays, except that anything says more than `stop` (T95).
    if (typeof reason === "string" && reason !== "" && (choice.finish ?? "stop") === "stop") choice.finish = reason;
    replace(choice.fields, entry, choiceKeys);
  }

  return {
    add: (event: WireEvent) => {
      if (isDone) return;
      if (isDoneData(event.data)) {
        isDone = true;
        return;
      }
      const chunk = parseEventObject(event.data, "Chat chunk");
      if (isErrorChunk(chunk)) throw decodeOpenaiStreamError(chunk);
      for (const key of identityKeys) {
        // The first that says something: Azure opens with empty ones, and some count `created` up.
        const value = chunk[key];
        if (value !== undefined && value !== null && value !== "" && value !== 0) top[key] ??= value;
      }
      replace(top, chunk, topKeys);
      const entries = chunk["choices"];
      if (!Array.isArray(entries)) return;
      for (const entry of entries as readonly JsonValue[]) if (isJsonObject(entry)) addChoice(entry);
    },
    end: () => {
      const isFinished = isDone || [...choices.values()].some((choice) => choice.finish !== undefined);
      if (!isFinished) {
        throw new RouterError(
          "upstream-unavailable",
          "Cannot finish the answer: the upstream's stream ended before it",
          {
            status: undefined,
            requestSent: true,
          },
        );
      }
      choiceAt(0);
      const list = [...choices].toSorted(([left], [right]) => left - right);
      const { id, created, model, ...rest } = top;
      return {
        id: id ?? "",
        object: "chat.completion",
        created: created ?? 0,
        model: model ?? "",
        choices: list.map(([index, choice]) => finishChoice(index, choice)),
        ...rest,
      };
    },
  };
}
