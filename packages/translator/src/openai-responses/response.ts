import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ModelResponse,
  RouterError,
  type Translated,
} from "@turnout/core";

import { excerptOf } from "../excerpt.ts";
import { decodeOpenaiStreamError } from "../openai-error-decode.ts";
import { createLossCollector } from "../report.ts";
import { own } from "./extras.ts";
import { decodeFinish, traitsOf } from "./finish.ts";
import { decodeOutputItem } from "./output-decode.ts";
import { decodeUsage } from "./usage.ts";
import { isSet } from "./is-set.ts";

/** True when a response object tells of a failure instead of an answer. */
export function isFailed(response: JsonObject): boolean {
  const status = response["status"];
  return status === "failed" || status === "cancelled" || (status === undefined && isJsonObject(response["error"]));
}

/** The items of `output`; entries that are no objects are left out. */
export function outputItems(response: JsonObject): JsonObject[] {
  const output = response["output"];
  return Array.isArray(output) ? output.filter(isJsonObject) : [];
}

export function stringField(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === "string" ? value : undefined;
}

export function numberField(object: JsonObject, key: string): number | undefined {
  const value = object[key];
  return typeof value === "number" ? value : undefined;
}

function checkDocument(body: unknown): JsonObject {
  if (isJsonObject(body)) {
    if (isFailed(body)) throw decodeOpenaiStreamError(body);
    if (Array.isArray(body["output"])) return body;
    if (isSet(body["error"])) throw decodeOpenaiStreamError(body);
  }
  throw new RouterError("upstream-malformed", "Cannot read Responses answer: it has no `output` list", {
    excerpt: excerptOf(JSON.stringify(body) ?? ""),
  });
}

/**
 * Reads a whole answer of `POST /v1/responses`. Fields core has no word for are kept in `extras`.
 *
 * @throws {RouterError} `upstream-malformed`, or the error the document reports.
 */
export function decodeResponse(body: unknown): Translated<ModelResponse> {
  const response = checkDocument(body);
  const { id, model, created_at: createdAt, output: _output, usage, service_tier: serviceTier, ...rest } = response;
  const kept: Record<string, JsonValue | undefined> = { ...rest };
  const decodedUsage = decodeUsage(usage);
  if (usage !== undefined && decodedUsage === undefined) kept["usage"] = usage;
  if (id !== undefined && typeof id !== "string") kept["id"] = id;
  if (model !== undefined && typeof model !== "string") kept["model"] = model;
  if (createdAt !== undefined && typeof createdAt !== "number") kept["created_at"] = createdAt;
  if (serviceTier !== undefined && typeof serviceTier !== "string") kept["service_tier"] = serviceTier;
  const modelName = typeof model === "string" ? model : undefined;
  const blocks = outputItems(response).flatMap((item) => decodeOutputItem(item, modelName));
  const finish = decodeFinish(response, traitsOf(blocks), "completed");
  const value: ModelResponse = {
    id: typeof id === "string" ? id : "",
    model: modelName ?? "",
    ...(typeof createdAt === "number" && { createdAt }),
    blocks,
    finish: finish.reason,
    finishRaw: finish.raw,
    ...(decodedUsage !== undefined && { usage: decodedUsage }),
    ...(typeof serviceTier === "string" && { serviceTier }),
    extras: own(kept),
  };
  return { value, report: createLossCollector().report };
}
