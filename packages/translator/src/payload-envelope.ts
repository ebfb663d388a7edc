import {
  isJsonObject,
  type JsonValue,
  type Provenance,
  type ReasoningBlock,
  type WireFormat,
  wireFormats,
} from "@turnout/core";

import { tryParseJson } from "./parse-json.ts";

/** Begins every payload of ours; no provider's own payload begins so. */
const prefix = "rs1.";

/** Between the visible parts of one reasoning block where a format has room for one text only. */
export const partSeparator = "\n\n";

/** A reasoning payload on its way through a client that speaks another format than the one that made it. */
export interface Envelope {
  readonly provenance: Provenance;
  /** Absent when the upstream gave none and the client only needs something to be there. */
  readonly payload?: string;
  readonly itemId?: string;
  readonly redacted?: boolean;
  /** What the visible parts were; default `summary`. */
  readonly form?: "summary" | "raw";
  /** Lengths of the visible parts in UTF-16 code units, when there are several. */
  readonly partLengths?: readonly number[];
  /** The visible text, for clients that keep a payload and not what was shown with it; see `carriedText`. */
  readonly text?: string;
  /** The call the payload belongs to, when it is the signature of a call and no reasoning. */
  readonly callId?: string;
}

function toBase64Url(text: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCodePoint(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): string | undefined {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.codePointAt(0) ?? 0));
  } catch {
    return undefined;
  }
}

/**
 * The text that carries a payload through a field of another format: `rs1.` and base64url of a JSON object. The client
 * keeps it and sends it back with its next request (translation.md 2.11).
 */
export function wrapPayload(envelope: Envelope): string {
  const { provenance, payload, itemId, redacted, form, partLengths, text, callId } = envelope;
  const content = {
    f: provenance.wire,
    m: provenance.model,
    v: provenance.provider,
    i: itemId,
    p: payload,
    x: redacted === true ? 1 : undefined,
    r: form === "raw" ? 1 : undefined,
    t: partLengths !== undefined && partLengths.length > 1 ? partLengths : undefined,
    s: text,
    c: callId,
  };
  return prefix + toBase64Url(JSON.stringify(content));
}

/** True for the payload of another provider inside a field of the client's format: its own provider cannot read it. */
export function isEnvelope(payload: string): boolean {
  return payload.startsWith(prefix);
}

const optionalText = (value: JsonValue | undefined): string | undefined =>
  typeof value === "string" ? value : undefined;

/**
 * Opens what `wrapPayload` made.
 *
 * @returns Undefined for a provider's own payload. An envelope that was damaged on its way is one without a payload.
 */
export function unwrapPayload(text: string): Envelope | undefined {
  if (!text.startsWith(prefix)) return undefined;
  const json = fromBase64Url(text.slice(prefix.length));
  const value = json === undefined ? undefined : tryParseJson(json);
  const fields = isJsonObject(value) ? value : {};
  const wire = wireFormats.find((name) => name === fields["f"]);
  if (wire === undefined) return { provenance: { wire: "openai-chat", provider: "unknown" } };
  const { m, v, i, p, s, c, t } = fields;
  const [model, provider, itemId, payload, shown, callId] = [m, v, i, p, s, c].map(optionalText);
  const lengths = Array.isArray(t) ? t.filter((length) => typeof length === "number") : undefined;
  return {
    provenance: { wire, ...(provider !== undefined && { provider }), ...(model !== undefined && { model }) },
    ...(payload !== undefined && { payload }),
    ...(itemId !== undefined && { itemId }),
    ...(fields["x"] === 1 && { redacted: true }),
    ...(fields["r"] === 1 && { form: "raw" }),
    ...(lengths !== undefined && { partLengths: lengths }),
    ...(shown !== undefined && { text: shown }),
    ...(callId !== undefined && { callId }),
  };
}

/** As much visible text as travels with a payload, in UTF-16 code units. */
const maximumTextLength = 256 * 1024;

/**
 * Visible text that has to travel inside the envelope. Anthropic checks a signature together with its text, and Gemini CLI and
 * pi bring back the one without the other (seen 2026-11).
 *
 * @returns Undefined where the payload is enough, or the text is too long.
 */
export function carriedText(provenance: WireFormat | undefined, text: string): string | undefined {
  const isNeeded = provenance === "anthropic-messages" && text !== "" && text.length <= maximumTextLength;
  return isNeeded ? text : undefined;
}

/** Collects the visible text of a block that streams by, no more of it than can be carried. */
export interface ShownText {
  add(delta: string): void;
  /** See `carriedText`. */
  carried(provenance: WireFormat | undefined): string | undefined;
}

export function createShownText(): ShownText {
  let text = "";
  return {
    add: (delta) => {
      // One character too many tells that it is too long.
      if (text.length <= maximumTextLength) text += delta;
    },
    carried: (provenance) => carriedText(provenance, text),
  };
}

/** The visible parts as one text. */
export function joinParts(parts: ReasoningBlock["parts"]): string {
  return parts.map(({ text }) => text).join(partSeparator);
}

/** The visible parts behind a text in which they were joined; one part when the text does not fit the lengths. */
export function splitParts(text: string, envelope: Envelope): ReasoningBlock["parts"] {
  const form = envelope.form ?? "summary";
  if (text === "") return [];
  const parts: { form: "summary" | "raw"; text: string }[] = [];
  let position = 0;
  for (const length of envelope.partLengths ?? []) {
    parts.push({ form, text: text.slice(position, position + length) });
    position += length;
    if (text.startsWith(partSeparator, position)) position += partSeparator.length;
  }
  return parts.length > 0 && position === text.length ? parts : [{ form, text }];
}
