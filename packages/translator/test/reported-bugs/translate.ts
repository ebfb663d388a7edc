import type { JsonObject, JsonValue, StreamEvent, WireEvent, WireFormat } from "@turnout/core";
import { fold, getCodec } from "@turnout/translator";

import { contextFor, decodeStream, plain } from "../laws.ts";

/** A request body of one format as a body of another, with the report. */
export function translate(from: WireFormat, to: WireFormat, body: JsonObject, model?: string) {
  const decoded = getCodec(from).decodeRequest(body);
  const { value, report } = getCodec(to).encodeRequest(decoded.value, model === undefined ? {} : { model });
  return { body: value, report };
}

/** A whole answer of one format as a document of another. */
export function answer(from: WireFormat, to: WireFormat, body: JsonObject): JsonObject {
  const decoded = getCodec(from).decodeResponse(body).value;
  return getCodec(to).encodeResponse(decoded, contextFor("client-model")).value;
}

/** Wire events out of their data, as SSE would bring them. */
export function wireEvents(...data: readonly JsonValue[]): WireEvent[] {
  return data.map((value) => ({ type: "", data: JSON.stringify(value) }));
}

/** What the events of a stream tell; a failure is thrown. */
export function read(from: WireFormat, events: readonly WireEvent[]) {
  const { events: decoded, failure } = decodeStream(getCodec(from), events);
  if (failure !== undefined) throw failure;
  return { events: decoded, answer: fold(decoded) };
}

/** The documents that tell these events to a client. */
export function write(to: WireFormat, events: readonly StreamEvent[]): JsonValue[] {
  const encoder = getCodec(to).createEventEncoder(contextFor("client-model"));
  const written: WireEvent[] = [];
  for (const event of events) encoder.encode(event, written);
  return written.map((event): JsonValue => JSON.parse(event.data));
}

/**
 * What stands at a path such as `contents[1].parts[0].text` of a document.
 *
 * @returns Undefined when there is nothing.
 */
export function at(document: unknown, path: string): JsonValue | undefined {
  let value: unknown = document;
  for (const key of path.split(/[.[\]]+/u).filter((step) => step !== "")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value === undefined ? undefined : plain(value);
}
