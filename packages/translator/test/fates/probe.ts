import {
  type AnyRouterError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  RouterError,
  type TranslationReport,
  type WireFormat,
} from "@turnout/core";
import { type Codec, getCodec } from "@turnout/translator";

import { contextFor, plain } from "../laws.ts";

/** One value of a document: where it stands, with `[]` for any place in a list. */
type Step = string | number;

/** Every value of a document with the steps to it, lists and objects included, the document itself left out. */
function* walk(value: JsonValue, steps: readonly Step[] = []): Generator<{ steps: readonly Step[]; value: JsonValue }> {
  if (steps.length > 0) yield { steps, value };
  if (Array.isArray(value)) for (const [index, entry] of value.entries()) yield* walk(entry, [...steps, index]);
  else if (isJsonObject(value)) {
    for (const [key, entry] of Object.entries(value)) if (entry !== undefined) yield* walk(entry, [...steps, key]);
  }
}

/** `messages[0].content` as `messages[].content`. */
function general(path: string): string {
  return path.replaceAll(/\[\d+\]/gu, "[]");
}

function pathOf(steps: readonly Step[]): string {
  return steps
    .map((step) => (typeof step === "number" ? "[]" : `.${step}`))
    .join("")
    .replace(/^\./u, "");
}

/** The document with other steps' value; `undefined` takes the field away. */
function withValue(document: JsonValue, [step, ...rest]: readonly Step[], value: JsonValue | undefined): JsonValue {
  if (step === undefined) return value ?? null;
  if (Array.isArray(document)) {
    return document.map((entry: JsonValue, index) => (index === step ? withValue(entry, rest, value) : entry));
  }
  if (!isJsonObject(document)) return document;
  const copy: Record<string, JsonValue> = {};
  for (const [key, entry] of Object.entries(document)) {
    if (entry === undefined) continue;
    if (key !== step) copy[key] = entry;
    else if (rest.length > 0) copy[key] = withValue(entry, rest, value);
    else if (value !== undefined) copy[key] = value;
  }
  return copy;
}

/** Another value of the same kind. */
function other(value: JsonValue): JsonValue {
  switch (typeof value) {
    case "string":
      return `${value}x`;
    case "number":
      return value * 10 + 1;
    case "boolean":
      return !value;
    default:
      return Array.isArray(value) ? [] : {};
  }
}

/** A translation of either kind: into the document of the other format, or a refusal. */
export type Translate = (document: JsonObject) => { readonly value: JsonObject; readonly report: TranslationReport };

const models: Readonly<Record<WireFormat, string>> = {
  "openai-chat": "gpt-4o-search-preview",
  "openai-responses": "gpt-5.4",
  "anthropic-messages": "claude-sonnet-4-6",
  gemini: "gemini-3-pro",
};

/** Requests, for the newest models that take most. */
export function requestsBetween(from: WireFormat, to: WireFormat): Translate {
  return (document) => {
    const decoded = getCodec(from).decodeRequest(document);
    const { value, report } = getCodec(to).encodeRequest(decoded.value, { model: models[to] });
    return { value: toJson(value), report };
  };
}

/** Whole answers. */
export function answersBetween(from: WireFormat, to: WireFormat): Translate {
  const codec: Codec = getCodec(from);
  return (document) => {
    const decoded = codec.decodeResponse(document);
    const context = contextFor(decoded.value.model);
    const { value, report } = getCodec(to).encodeResponse(decoded.value, context);
    return { value: toJson(value), report };
  };
}

function toJson(value: JsonObject): JsonObject {
  const json = plain(value);
  return isJsonObject(json) ? json : {};
}

/** What happened to one field. */
export interface Outcome {
  /** Paths where the target says the value itself. */
  readonly carried: readonly string[];
  /** Paths where the target says something else because of the field. */
  readonly changed: readonly string[];
  readonly approximated: readonly string[];
  readonly dropped: readonly string[];
  readonly reasons: readonly string[];
  /** The path a refusal names. */
  readonly refused: string | undefined;
}

interface Attempt {
  readonly value: JsonObject;
  readonly report: TranslationReport;
  readonly refused: AnyRouterError | undefined;
}

const emptyReport: TranslationReport = { approximated: [], dropped: [] };

function attempt(translate: Translate, document: JsonValue): Attempt {
  try {
    return { ...translate(isJsonObject(document) ? document : {}), refused: undefined };
  } catch (error) {
    if (!RouterError.is(error)) throw error;
    return { value: {}, report: emptyReport, refused: error };
  }
}

/** The first place of a path in a document. */
function find(document: JsonObject, path: string) {
  for (const found of walk(document)) if (found.value !== null && pathOf(found.steps) === path) return found;
  return undefined;
}

/** True when the document has the field, with a value. */
export function has(document: JsonObject, path: string): boolean {
  return find(document, path) !== undefined;
}

function leaves(document: JsonObject): Map<string, JsonValue> {
  return new Map([...walk(document)].map(({ steps, value }) => [steps.join("\u0000"), value]));
}

function same(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** The value itself, or a text that has it. */
function holds(target: JsonValue, value: JsonValue): boolean {
  if (same(target, value)) return true;
  if (typeof target !== "string") return false;
  const text = typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : undefined;
  return text !== undefined && text !== "" && target.includes(text);
}

/** True when a loss at `loss` speaks of the field at `path`, both without numbers. */
export function speaksOf(loss: string, path: string): boolean {
  if (loss === path || loss.startsWith(`${path}.`) || loss.startsWith(`${path}[`)) return true;
  // A loss in an answer is named by its block, since no client wrote the document.
  const [, field] = /^(?:blocks\[\]|citations)\.(.+)$/u.exec(loss) ?? [];
  if (field !== undefined) return `${path}.`.includes(`].${field}.`) || `${path}.`.includes(`].${field}[`);
  return !loss.endsWith("]") && (path.startsWith(`${loss}.`) || path.startsWith(`${loss}[`));
}

/** True when the loss is that of the whole block or item in which the field stands. */
function takesWith(loss: string, path: string): boolean {
  if (/^(?:blocks\[\]|output|web_search_call|server_tool_use)$/u.test(loss)) return true;
  return loss.endsWith("]") && path.startsWith(`${loss}.`);
}

/** What the field changed, when the answer without it (or with another value) was `before`. */
function compare(path: string, value: JsonValue, full: Attempt, before: Attempt, speaks = speaksOf): Outcome {
  const told = leaves(full.value);
  const old = leaves(before.value);
  const after = [...walk(full.value)].filter(({ steps, value: now }) => !same(old.get(steps.join("\u0000")), now));
  const carried = after.filter(({ value: now }) => holds(now, value)).map(({ steps }) => pathOf(steps));
  const deepest = after.filter(({ value: now }) => typeof now !== "object" || now === null);
  const gone = [...walk(before.value)].filter(({ steps }) => !told.has(steps.join("\u0000")));
  const losses = (kind: "approximated" | "dropped") => {
    const known = new Set(before.report[kind].map((loss) => `${loss.path}: ${loss.reason}`));
    return full.report[kind].filter(
      (loss) =>
        !known.has(`${loss.path}: ${loss.reason}`) ||
        (speaks === speaksOf || kind === "dropped" ? speaks : speaksOf)(general(loss.path), path),
    );
  };
  const [approximated, dropped] = [losses("approximated"), losses("dropped")];
  return {
    carried: [...new Set(carried)],
    changed: [...new Set([...deepest, ...gone].map(({ steps }) => pathOf(steps)))],
    approximated: approximated.map((loss) => general(loss.path)),
    dropped: dropped.map((loss) => general(loss.path)),
    reasons: [...dropped, ...approximated].map((loss) => `${loss.path}: ${loss.reason}`),
    refused: undefined,
  };
}

function isSilent({ carried, changed, approximated, dropped }: Outcome): boolean {
  return carried.length + changed.length + approximated.length + dropped.length === 0;
}

/**
 * What becomes of the field at `path`: the first of `documents` that has it is translated with it and without it, or, where
 * it must be there or nothing comes of leaving it out, with another value.
 *
 * @returns Undefined when no document has the field.
 */
export function probe(documents: readonly JsonObject[], path: string, translate: Translate): Outcome | undefined {
  for (const document of documents) {
    const found = find(document, path);
    if (found === undefined) continue;
    const full = attempt(translate, document);
    if (full.refused !== undefined) {
      const named = full.refused.code === "request-invalid" ? (full.refused.details.path ?? "") : "";
      const reasons = [full.refused.message];
      return { carried: [], changed: [], approximated: [], dropped: [], reasons, refused: general(named) };
    }
    const without = attempt(translate, withValue(document, found.steps, undefined));
    const outcome = without.refused === undefined ? compare(path, found.value, full, without) : undefined;
    if (outcome !== undefined && !isSilent(outcome)) return outcome;
    const replaced = attempt(translate, withValue(document, found.steps, other(found.value)));
    const second = compare(path, found.value, full, replaced);
    return isSilent(second) ? compare(path, found.value, full, replaced, takesWith) : second;
  }
  return undefined;
}
