import { isJsonObject, type JsonObject, type JsonValue, type Provenance } from "@turnout/core";

import { type Envelope, unwrapPayload, wrapPayload } from "../payload-envelope.ts";
import { wire } from "./extras.ts";

/** What an envelope says besides what a block has fields for, written down beside the block. */
export interface CarriedPayload {
  readonly payload: string;
  readonly provenance: Provenance;
  readonly redacted: boolean;
  /** The call whose signature it is, when it is no reasoning at all. */
  readonly callId: string | undefined;
  readonly note: JsonObject;
}

/** `encrypted_content` for a payload: itself when this format made it, else an envelope that the client sends back. */
export function encryptedContent(envelope: Envelope): string {
  return envelope.provenance.wire === wire && envelope.payload !== undefined ? envelope.payload : wrapPayload(envelope);
}

/**
 * Another provider's payload inside `encrypted_content`.
 *
 * @returns Undefined for a payload of this format, and for an envelope that would not be written the same way again.
 */
export function readCarried(encrypted: string): CarriedPayload | undefined {
  const envelope = unwrapPayload(encrypted);
  if (envelope?.payload === undefined || wrapPayload(envelope) !== encrypted) return undefined;
  const { payload, provenance, redacted, itemId, form, partLengths, callId } = envelope;
  const note: Record<string, JsonValue> = {};
  if (itemId !== undefined) note["itemId"] = itemId;
  if (form !== undefined) note["form"] = form;
  if (partLengths !== undefined) note["partLengths"] = partLengths;
  if (callId !== undefined) note["callId"] = callId;
  return { payload, provenance, redacted: redacted === true, callId, note };
}

/** Writes again what `readCarried` read. */
export function writeCarried(payload: string, provenance: Provenance, redacted: boolean, note: JsonObject): string {
  const { itemId, form, partLengths, callId } = note;
  return wrapPayload({
    provenance,
    payload,
    ...(redacted && { redacted }),
    ...(typeof itemId === "string" && { itemId }),
    ...(form === "raw" && { form }),
    ...(Array.isArray(partLengths) && { partLengths: partLengths.filter((length) => typeof length === "number") }),
    ...(typeof callId === "string" && { callId }),
  });
}

/** The call a reasoning item signs, as noted by the reader. */
export function signedCall(fields: JsonObject | undefined): string | undefined {
  const note = fields?.["$envelope"];
  const callId = isJsonObject(note) ? note["callId"] : undefined;
  return typeof callId === "string" ? callId : undefined;
}
