import { isJsonObject, type JsonObject, type WireEvent } from "@turnout/core";
import { tryParseJson } from "@turnout/translator";

const modelHeader = "openai-model";
/** The state of the backend's own list of models, which is not the list the client got. */
const listHeader = "x-models-etag";

export interface NamedModel {
  /** The name the client asked for. */
  readonly asked: string;
  /** The upstream's name for it. */
  readonly upstream: string;
}

/**
 * An event in which the backend names the model that answers, in the names the client knows. The Codex CLI takes any other name
 * than the one it asked for as a sign that its account was flagged, and tells its user so (seen with 0.169). A model that is
 * another one upstream, too, is still told: then it is true.
 *
 * @returns The same event when there is nothing to change in it.
 */
export function nameModel(event: WireEvent, model: NamedModel): WireEvent {
  if (!event.data.includes(`"${modelHeader}"`) && !event.data.includes(`"${listHeader}"`)) return event;
  const parsed = tryParseJson(event.data);
  if (!isJsonObject(parsed)) return event;
  const { headers, response } = parsed;
  const named: JsonObject = {
    ...parsed,
    ...(isJsonObject(headers) ? { headers: nameHeaders(headers, model) } : {}),
    ...(isJsonObject(response) && isJsonObject(response["headers"])
      ? { response: { ...response, headers: nameHeaders(response["headers"], model) } }
      : {}),
  };
  return { type: event.type, data: JSON.stringify(named) };
}

function nameHeaders(headers: JsonObject, { asked, upstream }: NamedModel): JsonObject {
  const { [modelHeader]: model, [listHeader]: _list, ...rest } = headers;
  if (model === undefined) return rest;
  const isTheOneAsked = typeof model === "string" && model.toLowerCase() === upstream.toLowerCase();
  return { ...rest, [modelHeader]: isTheOneAsked ? asked : model };
}
