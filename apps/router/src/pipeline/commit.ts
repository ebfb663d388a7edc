import type { Account, AnyRouterError, Credential, Runtime, SessionHints } from "@turnout/core";
import { retryAfterMs, RouterError } from "@turnout/core";
import type { TransportMemory } from "@turnout/upstream";
import type { Provider } from "../registry/provider.ts";
import { attempt, type OpenedAnswer } from "./attempt.ts";
import type { DecodedExchange } from "./exchange.ts";
import { nextStep } from "./failover.ts";
import type { Plan, PlannedAttempt } from "./plan.ts";
import { withoutSecret } from "./without-secret.ts";

/** What has been tried for one request so far; filled while it runs, so that the log tells it whatever happens. */
export interface AttemptTrail {
  /** How many times an executor was asked. */
  count: number;
  /** The attempt that answered, or the last one that failed; one whose account had no credential was never made. */
  last: PlannedAttempt | undefined;
  readonly failures: { readonly executor: string; readonly account: string; readonly error: AnyRouterError }[];
}

export function createAttemptTrail(): AttemptTrail {
  return { count: 0, last: undefined, failures: [] };
}

export interface CommitOptions {
  readonly provider: Provider;
  readonly plan: Plan;
  readonly session: SessionHints;
  readonly runtime: Runtime;
  readonly memory: TransportMemory;
  readonly trail: AttemptTrail;
}

/** Cool-down of an account whose limit does not say when it ends, in milliseconds. */
const defaultCoolDownMs = 60_000;

/**
 * Works through the plan until an answer has begun. Up to that moment every failure that allows it is made good unseen.
 *
 * @throws {RouterError} the last failure, when nothing is left to try.
 */
export async function commit(exchange: DecodedExchange, options: CommitOptions): Promise<OpenedAnswer> {
  const { plan, runtime } = options;
  const credentials = new Map<string, Credential>();
  const renewed = new Set<string>();
  let waits = 0;
  let index = 0;
  for (;;) {
    index = skipResting(options, index);
    const planned = attemptAt(plan, index);
    const result = await tryOnce(exchange, options, planned, credentials);
    if (!RouterError.is(result)) return result;
    if (exchange.signal.aborted) throw RouterError.from(exchange.signal.reason);
    let error = noteFailure(options, planned, result);
    let next = nextStep(error, plan.attempts, { index, renewed, waits }, runtime.random);
    if (next.step === "renew") {
      renewed.add(planned.account);
      const refused = await renew(options, planned.account, credentials, exchange.signal);
      if (refused !== undefined) {
        error = noteFailure(options, planned, refused);
        next = nextStep(error, plan.attempts, { index, renewed, waits }, runtime.random);
      }
    }
    if (next.step === "stop") throw error;
    if (next.step === "wait") {
      waits += 1;
      await runtime.sleep(next.milliseconds, exchange.signal);
    }
    index = next.index;
  }
}

function noteFailure(options: CommitOptions, planned: PlannedAttempt, error: AnyRouterError): AnyRouterError {
  options.trail.failures.push({ executor: planned.executor, account: planned.account, error });
  punish(options, planned, error);
  return error;
}

function attemptAt(plan: Plan, index: number): PlannedAttempt {
  const planned = plan.attempts[index];
  if (planned === undefined) throw new RouterError("internal", `Plan for "${plan.model}" has no attempt ${index}`, {});
  return planned;
}

/** Steps over a transport that is resting after failures, as long as the same account has another one. */
function skipResting(options: CommitOptions, from: number): number {
  const { attempts } = options.plan;
  let index = from;
  for (;;) {
    const planned = attempts[index];
    const following = attempts[index + 1];
    if (planned === undefined || following?.account !== planned.account) return index;
    if (options.memory.usable(memoryKey(options.provider, planned))) return index;
    index += 1;
  }
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

function accountOf(provider: Provider, key: string): Account {
  const account = provider.pool.accounts.find((candidate) => candidate.key === key);
  if (account === undefined) throw new RouterError("internal", `There is no account "${key}"`, {});
  return account;
}

async function tryOnce(
  exchange: DecodedExchange,
  options: CommitOptions,
  planned: PlannedAttempt,
  credentials: Map<string, Credential>,
): Promise<OpenedAnswer | AnyRouterError> {
  const { provider, plan, session, runtime, trail } = options;
  try {
    const account = accountOf(provider, planned.account);
    const credential = credentials.get(planned.account) ?? (await account.lease(exchange.signal));
    credentials.set(planned.account, credential);
    trail.count += 1;
    trail.last = planned;
    const executor = executorOf(provider, planned);
    const opened = await attempt(exchange, {
      executor,
      credential,
      upstreamModel: plan.upstreamModel,
      session,
      runtime,
    });
    options.memory.succeeded(memoryKey(provider, planned));
    return opened;
  } catch (error) {
    const failure = understand(error);
    const credential = credentials.get(planned.account);
    return credential === undefined ? failure : withoutSecret(failure, credential);
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

/** Remembers what the failure says about the transport or the account, for the requests that follow. */
function punish(options: CommitOptions, planned: PlannedAttempt, error: AnyRouterError): void {
  switch (error.code) {
    case "upstream-unavailable":
    case "upstream-timeout":
    case "upstream-malformed":
      options.memory.failed(memoryKey(options.provider, planned), error);
      return;
    case "rate-limited":
    case "usage-limited":
    // Whoever pays again is asked again after a while.
    case "billing-required":
      options.provider.pool.cool(planned.account, options.runtime.now() + (retryAfterMs(error) ?? defaultCoolDownMs));
      return;
    default:
  }
}

/** @returns Why there is no fresh credential, or undefined when there is one. */
async function renew(
  options: CommitOptions,
  accountKey: string,
  credentials: Map<string, Credential>,
  signal: AbortSignal,
): Promise<AnyRouterError | undefined> {
  const rejected = credentials.get(accountKey);
  try {
    const fresh = rejected && (await accountOf(options.provider, accountKey).renew(rejected, signal));
    if (fresh === undefined) return nothingFresh(options.provider, accountKey);
    credentials.set(accountKey, fresh);
    return undefined;
  } catch (error) {
    return RouterError.from(error);
  }
}

function nothingFresh(provider: Provider, accountKey: string): AnyRouterError {
  return new RouterError(
    "credential-unavailable",
    `Account "${accountKey}" of provider "${provider.name}" was refused and there is no newer credential: log in again`,
    { provider: provider.name },
  );
}
