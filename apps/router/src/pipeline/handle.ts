import type { AnyRouterError, Runtime } from "@turnout/core";
import { isJsonObject, RouterError } from "@turnout/core";
import type { AnswerContext } from "@turnout/translator";
import { getCodec } from "@turnout/translator";
import type { TransportMemory } from "@turnout/upstream";
import type { Logger } from "pino";
import type { Registry } from "../registry/registry.ts";
import type { ClientConnection } from "../server/client-connection.ts";
import { type AnswerOutcome, answerWithDocument, answerWithStream, sendJson } from "./answer.ts";
import { type ClientStream, createClientStream } from "./client-stream.ts";
import { type AttemptTrail, commit, createAttemptTrail } from "./commit.ts";
import type { DecodedExchange, Exchange, RequestTarget } from "./exchange.ts";
import { type Plan, planAttempts } from "./plan.ts";
import { receiveBody } from "./receive.ts";
import { answerHeaders } from "./answer-headers.ts";
import { sessionHints, speaksCodex } from "./session-hints.ts";
import { logRequest } from "./settle.ts";

/** What the pipeline works with; made once at start. */
export interface PipelineOptions {
  readonly registry: Registry;
  readonly runtime: Runtime;
  readonly memory: TransportMemory;
  readonly log: Logger;
  readonly bodyLimitBytes: number;
  readonly keepAliveMs: number;
  /** Refuse what an upstream would not be asked in full; a client may ask for it with `x-turnout-strict`. */
  readonly strict: boolean;
  /** Requests that are being answered; stopping waits for them. */
  readonly active: Set<ClientConnection>;
}

/** What is known of the request so far; the log line is made of it whatever happens. */
interface Progress {
  decoded: DecodedExchange | undefined;
  plan: Plan | undefined;
  readonly trail: AttemptTrail;
  stream: ClientStream | undefined;
  firstEventMs: number | undefined;
}

/** The way of a request: receive, decode, plan, attempt, commit, answer, settle. Always answers, never throws. */
export async function handleModelRequest(
  target: RequestTarget,
  client: ClientConnection,
  requestId: string,
  options: PipelineOptions,
): Promise<void> {
  const { runtime } = options;
  const { wire } = target;
  const exchange: Exchange = {
    requestId,
    target,
    wire,
    codec: getCodec(wire),
    client,
    signal: client.signal,
    startedAt: runtime.monotonic(),
  };
  const progress: Progress = {
    decoded: undefined,
    plan: undefined,
    trail: createAttemptTrail(),
    stream: undefined,
    firstEventMs: undefined,
  };
  let outcome: AnswerOutcome | undefined;
  let error: AnyRouterError | undefined;
  options.active.add(client);
  try {
    outcome = await answer(exchange, progress, options);
  } catch (thrown) {
    error = RouterError.from(thrown);
    answerWithError(exchange, progress, error);
  } finally {
    progress.stream?.dispose();
    options.active.delete(client);
  }
  logRequest(options.log, {
    requestId,
    wire,
    model: progress.decoded?.request.model,
    stream: progress.decoded?.request.stream ?? false,
    plan: progress.plan,
    trail: progress.trail,
    durationMs: runtime.monotonic() - exchange.startedAt,
    firstEventMs: progress.firstEventMs,
    outcome,
    error,
  });
}

async function answer(exchange: Exchange, progress: Progress, options: PipelineOptions): Promise<AnswerOutcome> {
  const body = await receiveBody(exchange.client.incoming, options.bodyLimitBytes);
  const decoded = decode(exchange, body, options);
  progress.decoded = decoded;
  const session = sessionHints(exchange.client.headers, decoded.request);
  const plan = planAttempts(options.registry, decoded.request.model, decoded.wire, session);
  progress.plan = plan;
  const { provider } = options.registry.lookup(decoded.request.model);
  if (decoded.request.stream) progress.stream = openClientStream(decoded, progress, options);
  const opened = await commit(decoded, {
    provider,
    plan,
    session,
    runtime: options.runtime,
    memory: options.memory,
    trail: progress.trail,
  });
  const headers = answerHeaders(decoded, progress.trail, opened, provider.simulated);
  if (opened.kind === "document") return answerWithDocument(decoded, opened, headers);
  return answerWithStream(decoded, opened, progress.stream ?? openClientStream(decoded, progress, options), headers);
}

function openClientStream(decoded: DecodedExchange, progress: Progress, options: PipelineOptions): ClientStream {
  return createClientStream(decoded, {
    runtime: options.runtime,
    keepAliveMs: options.keepAliveMs,
    onFirstEvent: () => {
      progress.firstEventMs = options.runtime.monotonic() - decoded.startedAt;
    },
  });
}

function decode(exchange: Exchange, body: unknown, { runtime, strict }: PipelineOptions): DecodedExchange {
  if (!isJsonObject(body)) throw new RouterError("request-invalid", "Cannot read the request: not a JSON object", {});
  const { value: request, report } = exchange.codec.decodeRequest({ ...body, ...exchange.target.address });
  const answerContext: AnswerContext = {
    request,
    model: request.model,
    createdAt: Math.floor(runtime.now() / 1000),
    idSeed: idSeed(runtime),
  };
  const { headers } = exchange.client;
  return {
    ...exchange,
    request,
    body,
    answer: answerContext,
    report,
    strict: strict || headers["x-turnout-strict"] === "true",
    speaksCodex: speaksCodex(headers),
  };
}

/** 48 hex digits, as long as the providers' own ids. */
function idSeed(runtime: Runtime): string {
  return `${runtime.uuid()}${runtime.uuid()}`.replaceAll("-", "").slice(0, 48);
}

function answerWithError(exchange: Exchange, progress: Progress, error: AnyRouterError): void {
  if (error.code === "client-closed") return;
  if (progress.stream?.open === true) {
    progress.stream.fail(error);
    return;
  }
  const encoded = exchange.codec.encodeError(error, exchange.requestId);
  const tried = answerHeaders(progress.decoded, progress.trail, undefined, false);
  const ending = error.code === "too-large" ? { connection: "close" } : {};
  // A Gemini client that asked for an array gets one, also when it holds nothing but the error.
  const isArray = exchange.target.framing === "json-array" && progress.decoded?.request.stream !== false;
  const document = isArray ? [encoded.body] : encoded.body;
  sendJson(exchange, encoded.status, { ...tried, ...encoded.headers, ...ending }, document);
}
