import type { AnyRouterError, Runtime } from "@turnout/core";
import { isJsonObject, RouterError } from "@turnout/core";
import { getCodec } from "@turnout/translator";
import type { TransportMemory } from "@turnout/upstream";
import type { Logger } from "pino";
import type { Registry } from "../registry/registry.ts";
import { type AnswerRecorder, createAnswerRecorder } from "../responses/answer-recorder.ts";
import type { ResponseStores } from "../responses/client-memory.ts";
import { createTurn } from "../responses/turn.ts";
import { type AnswerOutcome, answerWithDocument, answerWithStream } from "./answer.ts";
import type { ClientLine } from "./client-line.ts";
import { type ClientStream, createClientStream } from "./client-stream.ts";
import { type AttemptTrail, commit, createAttemptTrail } from "./commit.ts";
import type { DecodedExchange, Exchange, RequestTarget } from "./exchange.ts";
import { type Plan, planAttempts } from "./plan.ts";
import { answerHeaders } from "./answer-headers.ts";
import { sessionHints } from "./session-hints.ts";
import { logRequest, settleAccount } from "./settle.ts";
import { understand } from "./understand.ts";
import { warmUp } from "./warm-up.ts";

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
  /** Earlier answers, for clients that refer to them. */
  readonly responses: ResponseStores;
  /** Requests that are being answered; stopping waits for them. */
  readonly active: Set<Pick<ClientLine, "abort">>;
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
  client: ClientLine,
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
  settleAccount(progress.trail, outcome);
  logRequest(options.log, {
    requestId,
    wire,
    client: client.transport,
    model: progress.decoded?.request.model,
    stream: progress.decoded?.request.stream ?? false,
    operation: progress.decoded?.operation,
    continued: progress.decoded?.conversation?.before !== undefined,
    plan: progress.plan,
    trail: progress.trail,
    durationMs: runtime.monotonic() - exchange.startedAt,
    firstEventMs: progress.firstEventMs,
    outcome,
    error,
  });
}

async function answer(exchange: Exchange, progress: Progress, options: PipelineOptions): Promise<AnswerOutcome> {
  const { registry, runtime, memory } = options;
  const decoded = understand(exchange, await exchange.client.receive(), options);
  progress.decoded = decoded;
  const session = sessionHints(exchange.client, decoded.request);
  const route = registry.lookup(decoded.request.model);
  const plan = planAttempts(route, decoded, session);
  progress.plan = plan;
  const { provider } = route;
  const recorder = recorderOf(decoded);
  if (decoded.request.stream) progress.stream = openClientStream(decoded, progress, recorder, options);
  const ask = decoded.operation === "warm-up" ? warmUp : commit;
  const opened = await ask(decoded, { provider, plan, session, runtime, memory, trail: progress.trail });
  const headers = answerHeaders(decoded, progress.trail, opened, provider.simulated);
  if (opened.kind === "document") {
    recorder?.document(opened.body);
    return answerWithDocument(decoded, opened, headers);
  }
  progress.stream ??= openClientStream(decoded, progress, recorder, options);
  return answerWithStream(decoded, opened, progress.stream, headers);
}

/** Keeps the answer for later requests that refer to it; undefined when none can. */
function recorderOf({ client, conversation, request }: DecodedExchange): AnswerRecorder | undefined {
  const { memory } = client;
  const stored = request.store !== false;
  // Without `store` nothing outlives the request, except on the client's own socket.
  if (memory === undefined || conversation === undefined || (!stored && client.transport === "http")) return undefined;
  return createAnswerRecorder(({ responseId, output }) => {
    const turn = createTurn(conversation.before, [...conversation.added, ...output].filter(isJsonObject));
    memory.keep({ responseId, turn, output, stored });
  });
}

function openClientStream(
  decoded: DecodedExchange,
  progress: Progress,
  recorder: AnswerRecorder | undefined,
  options: PipelineOptions,
): ClientStream {
  return createClientStream(decoded, {
    runtime: options.runtime,
    keepAliveMs: options.keepAliveMs,
    onFirstEvent: () => {
      progress.firstEventMs = options.runtime.monotonic() - decoded.startedAt;
    },
    onEvents: recorder?.observe,
  });
}

function answerWithError({ client }: Exchange, progress: Progress, error: AnyRouterError): void {
  if (error.code === "client-closed") return;
  if (progress.stream !== undefined && client.open) progress.stream.fail(error);
  else client.refuse(error, answerHeaders(progress.decoded, progress.trail, undefined, false));
}
