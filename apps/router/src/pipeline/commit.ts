import type { PoolAttempt, Selection } from "@turnout/auth";
import type { AnyRouterError, Executor, Runtime, SessionHints, WireResponseMeta } from "@turnout/core";
import { failureAction, retryAfterMs, RouterError } from "@turnout/core";
import type { TransportMemory } from "@turnout/upstream";
import type { Provider } from "../registry/provider.ts";
import { type AccountInUse, useAccount } from "./account-in-use.ts";
import { attempt, type OpenedAnswer } from "./attempt.ts";
import type { DecodedExchange } from "./exchange.ts";
import { type NextStep, nextStep } from "./failover.ts";
import { attemptsOf, nobodyToAsk, type Plan, type PlannedAttempt } from "./plan.ts";
import { withoutSecret } from "./without-secret.ts";

/** What has been tried for one request so far; filled while it runs, so that the log tells it whatever happens. */
export interface AttemptTrail {
  /** How many times an executor was asked. */
  count: number;
  /** The attempt that answered, or the last one that failed; one whose account had no credential was never made. */
  last: PlannedAttempt | undefined;
  /** The account that answers, for what its answer still tells of it. */
  taken: PoolAttempt | undefined;
  readonly failures: { readonly executor: string; readonly account: string; readonly error: AnyRouterError }[];
  /** How the request travelled that is being answered. */
  meta: Pick<WireResponseMeta, "session" | "traffic"> | undefined;
}

export function createAttemptTrail(): AttemptTrail {
  return { count: 0, last: undefined, taken: undefined, failures: [], meta: undefined };
}

export interface CommitOptions {
  readonly provider: Provider;
  readonly plan: Plan;
  readonly session: SessionHints;
  readonly runtime: Runtime;
  readonly memory: TransportMemory;
  readonly trail: AttemptTrail;
  /** Nothing beyond the plan is tried. Default false: when its accounts have failed, the pool is asked for others. */
  readonly onlyPlanned?: boolean;
}

/** Accounts a request is tried with while none takes requests: hope has its limits. */
const mostForced = 4;

/**
 * Works through the plan until an answer has begun. Up to that moment every failure that allows it is made good unseen.
 *
 * @throws {RouterError} the last failure, when nothing is left to try; or that all accounts have reached their limit, when
 *   one of them will be free again.
 */
export async function commit(exchange: DecodedExchange, options: CommitOptions): Promise<OpenedAnswer> {
  const { plan, runtime } = options;
  const tried = new Set<string>();
  let { attempts } = plan;
  let account = take(options, attemptAt(plan, attempts, 0));
  let waits = 0;
  let index = 0;
  try {
    for (;;) {
      index = skipResting(options, attempts, index);
      const planned = attemptAt(plan, attempts, index);
      const rival = rivalOf(options, planned, attempts[index + 1]);
      const result = await tryOnce(exchange, options, planned, account, rival);
      if (!RouterError.is(result)) return result;
      if (exchange.signal.aborted) throw RouterError.from(exchange.signal.reason);
      const { error, next } = await understandFailure(exchange, options, { attempts, index, waits }, account, result);
      if (next.step === "stop") {
        account.gaveUp(error);
        throw error;
      }
      if (next.step === "wait") {
        waits += 1;
        await runtime.sleep(next.milliseconds, exchange.signal);
      }
      if (next.step !== "other-account") {
        index = next.index;
        continue;
      }
      account.gaveUp(error);
      tried.add(planned.account);
      attempts = others(exchange, options, tried, error);
      index = 0;
      account = take(options, attemptAt(plan, attempts, index));
    }
  } finally {
    account.attempt.released();
  }
}

function take({ provider, plan, trail }: CommitOptions, { account }: PlannedAttempt): AccountInUse {
  const request = { model: plan.upstreamModel, ...plan.conversation };
  const attempt = provider.pool.begin(account, request);
  trail.taken = attempt;
  return useAccount(attempt, provider.name);
}

/** Where a request stands, beside the account it is with. */
interface Standing {
  readonly attempts: readonly PlannedAttempt[];
  readonly index: number;
  readonly waits: number;
}

/** What follows from a failure. A refused credential is renewed at once; when that fails, its failure is what counts. */
async function understandFailure(
  exchange: DecodedExchange,
  options: CommitOptions,
  { attempts, index, waits }: Standing,
  account: AccountInUse,
  result: AnyRouterError,
): Promise<{ readonly error: AnyRouterError; readonly next: NextStep }> {
  const planned = attemptAt(options.plan, attempts, index);
  const follow = (error: AnyRouterError) => {
    noteFailure(options, planned, error);
    return nextStep(error, attempts, { index, isRenewed: account.isRenewed, waits }, options.runtime.random);
  };
  const next = follow(result);
  if (next.step !== "renew") return { error: result, next };
  const refused = await account.renew(result, exchange.signal);
  if (refused === undefined) return { error: result, next };
  return { error: refused, next: follow(refused) };
}

/** @throws {RouterError} what the request is told when nobody is left to ask. */
function others(
  exchange: DecodedExchange,
  { provider, plan, onlyPlanned = false }: CommitOptions,
  tried: ReadonlySet<string>,
  error: AnyRouterError,
): readonly PlannedAttempt[] {
  const request = { model: plan.upstreamModel, ...plan.conversation };
  const selection = provider.pool.select(request, tried);
  const isHopeless = selection.isForced && tried.size >= mostForced;
  const { account } = selection;
  if (onlyPlanned || isHopeless || account === undefined) throw conclude(error, plan, selection);
  return attemptsOf(provider, account, exchange);
}

/** The last failure is the answer, unless another account will be free sooner: then that is what the client can act on. */
function conclude(error: AnyRouterError, plan: Plan, { limit }: Selection): RouterError {
  if (limit === undefined) return error;
  const isLimit = error.code === "rate-limited" || error.code === "usage-limited";
  const own = isLimit ? (retryAfterMs(error) ?? (limit.isKnown ? Number.POSITIVE_INFINITY : 0)) : undefined;
  if (own === undefined ? failureAction[error.code] === "stop" : own <= limit.waitMs + toleranceMs) return error;
  return nobodyToAsk(plan.provider, plan.upstreamModel, limit);
}

/** Two ends of rests nearer than this are the same. */
const toleranceMs = 1_000;

function noteFailure(options: CommitOptions, planned: PlannedAttempt, error: AnyRouterError): void {
  options.trail.failures.push({ executor: planned.executor, account: planned.account, error });
  if (isOfTransport(error)) options.memory.failed(memoryKey(options.provider, planned), error);
}

function isOfTransport(error: AnyRouterError): boolean {
  return (
    error.code === "upstream-unavailable" || error.code === "upstream-timeout" || error.code === "upstream-malformed"
  );
}

function attemptAt(plan: Plan, attempts: readonly PlannedAttempt[], index: number): PlannedAttempt {
  const planned = attempts[index];
  if (planned === undefined) throw new RouterError("internal", `Plan for "${plan.model}" has no attempt ${index}`, {});
  return planned;
}

/** Steps over a transport that is resting after failures, as long as the same account has another one. */
function skipResting(options: CommitOptions, attempts: readonly PlannedAttempt[], from: number): number {
  let index = from;
  for (;;) {
    const planned = attempts[index];
    const following = attempts[index + 1];
    if (planned === undefined || following?.account !== planned.account) return index;
    if (options.memory.usable(memoryKey(options.provider, planned))) return index;
    index += 1;
  }
}

/** The account's next transport, while nobody knows whether this one carries where turnout runs. */
function rivalOf(
  { memory, provider }: CommitOptions,
  planned: PlannedAttempt,
  following: PlannedAttempt | undefined,
): Executor | undefined {
  if (following?.account !== planned.account || memory.isKnown(memoryKey(provider, planned))) return undefined;
  return executorOf(provider, following);
}

/** Transport memory is kept per executor, upstream host and account. */
function memoryKey(provider: Provider, planned: PlannedAttempt): string {
  return `${planned.executor} ${executorOf(provider, planned).upstreamHost} ${planned.account}`;
}

function executorOf(provider: Provider, planned: PlannedAttempt) {
  const executor = provider.executors.find((candidate) => candidate.id === planned.executor);
  if (executor === undefined) throw new RouterError("internal", `There is no executor "${planned.executor}"`, {});
  return executor;
}

async function tryOnce(
  exchange: DecodedExchange,
  options: CommitOptions,
  planned: PlannedAttempt,
  account: AccountInUse,
  rival: Executor | undefined,
): Promise<OpenedAnswer | AnyRouterError> {
  const { provider, plan, session, runtime, trail } = options;
  try {
    const credential = await account.credential(exchange.signal);
    trail.count += 1;
    trail.last = planned;
    const opened = await attempt(exchange, {
      executor: executorOf(provider, planned),
      credential,
      upstreamModel: plan.upstreamModel,
      session,
      runtime,
      rival,
      onQuota: account.attempt.noteQuota,
    });
    trail.meta = opened.meta;
    options.memory.succeeded(memoryKey(provider, planned));
    account.attempt.succeeded();
    return opened;
  } catch (error) {
    const failure = understand(error);
    return account.shown === undefined ? failure : withoutSecret(failure, account.shown);
  }
}

/** A body nested so deeply that it cannot be written again is the client's mistake. */
function understand(error: unknown): AnyRouterError {
  if (error instanceof RangeError) {
    return new RouterError(
      "request-invalid",
      "Cannot send the request on: it is nested too deeply",
      {},
      { cause: error },
    );
  }
  return RouterError.from(error);
}
