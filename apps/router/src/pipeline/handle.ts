import type { AnyRouterError, Runtime, WireFormat } from "@turnout/core";
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
import type { DecodedExchange, Exchange } from "./exchange.ts";
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
  wire: WireFormat,
  client: ClientConnection,
  requestId: string,
  options: PipelineOptions,
): Promise<void> {
  const { runtime } = options;
  const exchange: Exchange = {
    requestId,
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
  const decoded = decode(exchange, body, options.runtime);
  progress.decoded = decoded;
  const session = sessionHints(exchange.client.headers, decoded.request);
  const plan = planAttempts(options.registry, decoded.request.model, session);
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
  const headers = answerHeaders(decoded, progress.trail, opened.meta, provider.simulated);
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

function decode(exchange: Exchange, body: unknown, runtime: Runtime): DecodedExchange {
  if (!isJsonObject(body)) throw new RouterError("request-invalid", "Cannot read the request: not a JSON object", {});
  const { value: request } = exchange.codec.decodeRequest(body);
  const answerContext: AnswerContext = {
    request,
    model: request.model,
    createdAt: Math.floor(runtime.now() / 1000),
    idSeed: idSeed(runtime),
  };
  return { ...exchange, request, body, answer: answerContext, speaksCodex: speaksCodex(exchange.client.headers) };
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
  sendJson(exchange, encoded.status, { ...tried, ...encoded.headers, ...ending }, encoded.body);
}
