import { isJsonObject, type JsonValue } from "@turnout/core";
import { findOpenaiModel } from "../openai/models.ts";
import { apiRefusal } from "../refusal.ts";
import { parseResponsesRequest, type ParsedRequest } from "./request-schema.ts";

/** `POST /v1/responses`: the public API takes a text as input, `store`, sampling parameters and more. */
export function readApiRequest(body: JsonValue | undefined): ParsedRequest {
  const text = isJsonObject(body) && typeof body.input === "string" ? body.input : undefined;
  const whole =
    isJsonObject(body) && text !== undefined
      ? { ...body, input: [{ type: "message", role: "user", content: text }] }
      : body;
  const parsed = parseResponsesRequest(whole);
  if (!parsed.ok) return parsed;
  const { model } = parsed.request;
  if (findOpenaiModel(model) === undefined) {
    const message = `The model '${model}' does not exist or you do not have access to it.`;
    return { ok: false, refusal: apiRefusal(404, { message, code: "model_not_found", param: "model" }) };
  }
  return parsed;
}
