import { isJsonObject, type JsonObject, type ToolResultBlock } from "@turnout/core";

import { type Fields, objectIn } from "../fields.ts";
import { tryParseJson } from "../parse-json.ts";
import { callNotes } from "./contents-decode.ts";
import { ownFields, reportForeign, restore, wire } from "./extras.ts";
import { encodeMedia, type PartContext, plainMediaType } from "./parts-encode.ts";

/** What `functionResponse.parts` may hold (translation.md 2.8). */
const responseMedia = new Set(["image/png", "image/jpeg", "image/webp", "application/pdf", "text/plain"]);

/** Names that say something when they stand in `response`; an object that has one is wrapped to keep its own meaning. */
const meaningful = ["output", "error", "result", "content"] as const;

/**
 * A result's text as the object Gemini wants: an object as itself if it really parses, anything else under `output`, or
 * `error` (T52).
 */
function responseOf(text: string, isError: boolean): JsonObject {
  if (isError) return { error: text };
  const value = text.startsWith("{") ? tryParseJson(text) : undefined;
  const isPlain = isJsonObject(value) && !meaningful.some((name) => Object.hasOwn(value, name));
  return isPlain && Object.keys(value).length > 0 ? value : { output: text };
}

/** A result, and the media that must follow after all results because they have no place inside one. */
export interface EncodedResult {
  readonly part: Fields;
  readonly siblings: readonly Fields[];
}

/** A result that came from this format, as it was. */
export function encodeOwnResult(block: ToolResultBlock): Fields {
  const own = ownFields(block.extras);
  const { [callNotes.id]: id, [callNotes.response]: response, [callNotes.parts]: parts } = own;
  const part: Fields = {
    functionResponse: {
      ...(typeof id === "string" && { id }),
      name: block.name ?? "",
      ...(isJsonObject(response) && { response }),
      ...(Array.isArray(parts) && { parts }),
      ...objectIn(own, callNotes.inner),
    },
  };
  restore(part, block.extras);
  return part;
}

/** A result of another format. */
export function encodeResult(
  block: ToolResultBlock,
  name: string,
  id: string,
  path: string,
  context: PartContext,
): EncodedResult {
  const { losses } = context;
  const texts: string[] = [];
  const inside: Fields[] = [];
  const siblings: Fields[] = [];
  for (const [index, entry] of block.content.entries()) {
    const place = `${path}.content[${index}]`;
    if (entry.type === "text") {
      texts.push(entry.text);
      reportForeign(entry.extras, place, losses);
    } else if (entry.type === "opaque") {
      if (entry.wire === wire && isJsonObject(entry.value)) inside.push({ ...entry.value } as Fields);
      else losses.dropped(place, `something only ${entry.wire} knows`);
    } else {
      const part = encodeMedia(entry, place, context);
      const { source } = entry;
      const isTaken = source.kind === "base64" && responseMedia.has(plainMediaType(source.mediaType));
      if (context.generation3 && isTaken) inside.push(part);
      else siblings.push(part);
    }
  }
  if (siblings.length > 0) {
    losses.approximated(path, "media in a tool result: sent after the results");
    siblings.unshift({ text: `From the result of tool call ${id}:` });
  }
  reportForeign(block.extras, path, losses);
  const response = responseOf(texts.join("\n"), block.isError === true);
  return {
    part: { functionResponse: { id, name, response, ...(inside.length > 0 && { parts: inside }) } },
    siblings,
  };
}
