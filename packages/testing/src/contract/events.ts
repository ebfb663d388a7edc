import { isJsonObject, type JsonObject, type WireEvent } from "@turnout/core";

/** @throws {TypeError} when the event is no JSON object. */
export function parseEvent(event: WireEvent): JsonObject {
  const value: unknown = JSON.parse(event.data);
  if (!isJsonObject(value)) throw new TypeError(`Cannot read event: ${event.data.slice(0, 200)}`);
  return value;
}

/** The finished items of an answer. */
export function itemsOf(events: readonly WireEvent[]): readonly JsonObject[] {
  return events
    .filter((event) => event.type === "response.output_item.done")
    .map((event) => parseEvent(event)["item"])
    .filter((item) => isJsonObject(item));
}
