import type { AnyRouterError, Operation, Transport, TranslationReport, Usage } from "@turnout/core";
import { statusOf } from "@turnout/core";
import type { Logger } from "pino";
import type { AnswerOutcome } from "./answer.ts";
import type { AttemptTrail } from "./commit.ts";
import type { Plan } from "./plan.ts";

/** What is known of a request when it is over. */
export interface Settlement {
  readonly requestId: string;
  readonly wire: string;
  /** What carried the request to turnout. */
  readonly client: Transport;
  readonly model: string | undefined;
  readonly stream: boolean;
  /** What was asked, once it was understood. */
  readonly operation: Operation | undefined;
  /** It went on from an earlier answer that it named. */
  readonly continued: boolean;
  readonly plan: Plan | undefined;
  readonly trail: AttemptTrail;
  readonly durationMs: number;
  readonly firstEventMs: number | undefined;
  readonly outcome: AnswerOutcome | undefined;
  /** A failure that was the whole answer. */
  readonly error: AnyRouterError | undefined;
}

/** Characters of a model's name in the log; it is whatever the client sent. */
const longestName = 256;

/** What an answer that failed in its middle says of its account: a limit that was reached on the way, for the next request. */
export function settleAccount(trail: AttemptTrail, outcome: AnswerOutcome | undefined): void {
  if (outcome?.failure !== undefined) trail.taken?.failed(outcome.failure);
}

/** The one line per request. Holds names, numbers and our own messages; never a body, a header or a secret. */
export function logRequest(log: Logger, settlement: Settlement): void {
  const { outcome, error, plan, trail } = settlement;
  const failure = error ?? outcome?.failure;
  const line = {
    requestId: settlement.requestId,
    wire: settlement.wire,
    client: settlement.client,
    model: settlement.model?.slice(0, longestName),
    stream: settlement.stream,
    operation: settlement.operation === "generate" ? undefined : settlement.operation,
    continued: settlement.continued || undefined,
    provider: plan?.provider,
    upstreamModel: plan?.upstreamModel,
    executor: trail.last?.executor,
    transport: trail.last?.transport,
    account: trail.last?.account,
    attempts: trail.count,
    status: error === undefined ? 200 : statusOf(error),
    finish: outcome?.finish,
    durationMs: Math.round(settlement.durationMs),
    firstEventMs: settlement.firstEventMs === undefined ? undefined : Math.round(settlement.firstEventMs),
    session: trail.meta?.session,
    ...trail.meta?.traffic,
    usage: usageLine(outcome?.usage),
    losses: lossLines(outcome?.report),
    failedAttempts: failedAttempts(trail),
    ...(failure === undefined ? {} : { error: { code: failure.code, message: failure.message } }),
  };
  if (failure === undefined) log.info(line, "request completed");
  else if (failure.code === "client-closed") log.info(line, "request left by its client");
  else if (failure.code === "internal") log.error({ ...line, stack: failure.stack }, "request failed inside turnout");
  else log.warn(line, "request failed");
}

function usageLine(usage: Usage | undefined) {
  if (usage === undefined) return undefined;
  const { inputFresh, cacheRead, cacheWrite, output, reasoning } = usage;
  return { inputFresh, cacheRead, cacheWrite, output, reasoning };
}

function lossLines(report: TranslationReport | undefined) {
  if (report === undefined || report.approximated.length + report.dropped.length === 0) return undefined;
  return report;
}

function failedAttempts(trail: AttemptTrail) {
  if (trail.failures.length === 0) return undefined;
  return trail.failures.map(({ executor, account, error }) => ({
    executor,
    account,
    code: error.code,
    message: error.message,
  }));
}
