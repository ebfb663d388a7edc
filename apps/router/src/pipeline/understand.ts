import type { JsonObject, ModelRequest, Runtime, Translated } from "@turnout/core";
import { isJsonObject, RouterError } from "@turnout/core";
import type { AnswerContext } from "@turnout/translator";
import type { Registry } from "../registry/registry.ts";
import { askForReasoning } from "../responses/carried-reasoning.ts";
import { type ContinuedRequest, continueConversation } from "../responses/continue-conversation.ts";
import type { DecodedExchange, Exchange } from "./exchange.ts";
import { nothingLost } from "./report.ts";
import { speaksCodex } from "./session-hints.ts";

export interface UnderstandOptions {
  readonly registry: Registry;
  readonly runtime: Runtime;
  readonly strict: boolean;
}

/**
 * Reads a body: what it refers to is put in its place, and the request is decoded.
 *
 * @throws {RouterError} `request-invalid` with the path in the body as the client sent it, `not-found` for what it refers to.
 */
export function understand(exchange: Exchange, sent: unknown, options: UnderstandOptions): DecodedExchange {
  if (!isJsonObject(sent)) throw new RouterError("request-invalid", "Cannot read the request: not a JSON object", {});
  const { operation } = exchange.target;
  // Only an answer comes as a stream.
  const body = operation === undefined ? sent : { ...sent, stream: false };
  const continued = continueFrom(exchange, body, options.registry);
  const { value: request, report } = decodeWhole(exchange, continued.body, body);
  const { headers } = exchange.client;
  return {
    ...exchange,
    request,
    body: continued.body,
    conversation: operation === undefined ? continued.conversation : undefined,
    operation: operation ?? (isWarmUp(exchange, body) ? "warm-up" : "generate"),
    answer: answerContext(request, body, options.runtime),
    report,
    lost: continued.report ?? nothingLost,
    strict: options.strict || headers["x-turnout-strict"] === "true",
    speaksCodex: speaksCodex(headers),
  };
}

function decodeWhole({ codec, target }: Exchange, whole: JsonObject, sent: JsonObject): Translated<ModelRequest> {
  try {
    return codec.decodeRequest({ ...whole, ...target.address });
  } catch (error) {
    // The client counts its own items only, and what is wrong is among them.
    if (whole !== sent) codec.decodeRequest({ ...sent, ...target.address });
    throw error;
  }
}

function continueFrom({ client }: Exchange, body: JsonObject, registry: Registry): ContinuedRequest {
  if (client.memory === undefined) return { body, conversation: undefined };
  const keepsResponses = (model: string) =>
    registry.lookup(model).provider.executors.some((executor) => executor.keepsResponses === true);
  const { model, store } = body;
  const isRemembered = client.transport === "ws" && store === false && typeof model === "string";
  const carried = isRemembered && keepsResponses(model) ? askForReasoning(body) : body;
  return continueConversation(carried, client.memory, keepsResponses);
}

/** Only a socket can be warmed up (codex.md 4.3). */
function isWarmUp({ client }: Exchange, body: JsonObject): boolean {
  return client.transport === "ws" && body["generate"] === false;
}

function answerContext(request: ModelRequest, body: JsonObject, runtime: Runtime): AnswerContext {
  const previous = body["previous_response_id"];
  return {
    // Answers repeat what the client sent, not what was made of it.
    request: typeof previous === "string" ? { ...request, previousResponseId: previous } : request,
    model: request.model,
    createdAt: Math.floor(runtime.now() / 1000),
    idSeed: idSeed(runtime),
  };
}

/** 48 hex digits, as long as the providers' own ids. */
function idSeed(runtime: Runtime): string {
  return `${runtime.uuid()}${runtime.uuid()}`.replaceAll("-", "").slice(0, 48);
}
