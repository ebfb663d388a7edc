import type { ReachedLimit } from "@turnout/auth";
import type { Account, Executor, SessionHints, WireFormat } from "@turnout/core";
import { RouterError } from "@turnout/core";
import type { Provider } from "../registry/provider.ts";
import type { Route } from "../registry/registry.ts";
import { type ConversationKey, conversationKey } from "./conversation-key.ts";
import type { DecodedExchange } from "./exchange.ts";

/** One thing to try: an executor with an account. */
export interface PlannedAttempt {
  readonly executor: string;
  readonly transport: string;
  readonly account: string;
}

/** What will be tried for a request, in order. A plain value: it can be printed. */
export interface Plan {
  /** The name the client asked for. */
  readonly model: string;
  readonly provider: string;
  readonly upstreamModel: string;
  /** What keeps the conversation on its account; empty where there is nothing to choose. */
  readonly conversation: ConversationKey;
  /** Of the account that is asked first; when it fails and another may do better, the pool is asked which. */
  readonly attempts: readonly PlannedAttempt[];
}

/**
 * Orders the attempts: the account its pool chooses (a conversation stays on its own, resting ones are left out) with the
 * executors as the provider lists them, those of the client's language first.
 *
 * @throws {RouterError} `not-found` for the model, `credential-unavailable` when the provider has no account, or none that is
 *   switched on, `usage-limited` or `rate-limited` when every account rests and its upstream has said until when.
 */
export function planAttempts(
  { provider, upstreamModel }: Route,
  { request, ...asked }: Pick<DecodedExchange, "wire" | "operation" | "request">,
  session: SessionHints,
): Plan {
  const { model } = request;
  const { pool, name } = provider;
  if (pool.accounts.length === 0) throw noAccount(provider);
  const conversation = pool.accounts.length > 1 ? conversationKey(session, request) : {};
  const { account, limit } = pool.select({ model: upstreamModel, ...conversation });
  if (account === undefined) throw nobodyToAsk(name, upstreamModel, limit);
  return { model, provider: name, upstreamModel, conversation, attempts: attemptsOf(provider, account, asked) };
}

/** What is asked, and in which language. */
type Asked = Pick<DecodedExchange, "wire" | "operation">;

/**
 * One account with every executor that can be asked.
 *
 * @throws {RouterError} `request-invalid` when none can.
 */
export function attemptsOf(provider: Provider, { key: account }: Account, asked: Asked): PlannedAttempt[] {
  const executors = inOrder(provider.executors, asked.wire).filter((executor) => canDo(executor, asked));
  if (executors.length === 0) throw cannotDo(provider, asked);
  return executors.map(({ id: executor, transport }) => ({ executor, transport, account }));
}

/** Executors that speak the client's own language come first: what needs no translation loses nothing. */
function inOrder(executors: readonly Executor[], wire: WireFormat): readonly Executor[] {
  return executors.toSorted((left, right) => Number(right.wire === wire) - Number(left.wire === wire));
}

/** Every executor gives answers, and turnout warms up what cannot be; anything else an executor must know, in its language. */
function canDo(executor: Executor, { wire, operation }: Asked): boolean {
  if (operation === "generate" || operation === "warm-up") return true;
  return executor.wire === wire && executor.operations?.includes(operation) === true;
}

function cannotDo({ name, executors }: Provider, { operation }: Asked): RouterError {
  const tried = executors.map(({ id }) => id).join(", ");
  return new RouterError(
    "request-invalid",
    `Cannot ask provider "${name}" to ${operation}: its upstream has no such operation (${tried}); ask a model for a summary instead`,
    { path: "model" },
  );
}

/** What a request to a provider without accounts is told. */
export function noAccount(provider: Provider): RouterError {
  return new RouterError(
    "credential-unavailable",
    `No account for provider "${provider.name}": make one with \`turnout login ${provider.name}\`, or list some under \`providers.${provider.name}.accounts\` in turnout.yaml`,
    { provider: provider.name },
  );
}

/** What a request is told when none of the provider's accounts is worth asking. */
export function nobodyToAsk(provider: string, model: string, limit: ReachedLimit | undefined): RouterError {
  if (limit === undefined) {
    const message = `Cannot ask provider "${provider}": all its accounts are switched off`;
    return new RouterError("credential-unavailable", message, { provider });
  }
  const { why, until: resetsAt, waitMs: retryAfterMs } = limit;
  const message = `Cannot ask provider "${provider}" for ${model}: no account is free, the first will be in ${duration(retryAfterMs)}`;
  return why === "usage-limit"
    ? new RouterError("usage-limited", message, { retryAfterMs, resetsAt })
    : new RouterError("rate-limited", message, { retryAfterMs });
}

/** `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`: rounded up, so that nobody comes too early. */
function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
