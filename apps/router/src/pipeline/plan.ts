import type { ReachedLimit, Selection } from "@turnout/auth";
import type { Executor, SessionHints, WireFormat } from "@turnout/core";
import { RouterError } from "@turnout/core";
import type { Provider } from "../registry/provider.ts";
import type { Registry } from "../registry/registry.ts";

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
  /** Of the first accounts; when all of them have failed, the pool is asked for others. */
  readonly attempts: readonly PlannedAttempt[];
}

/**
 * Orders the attempts: accounts by their pool (a conversation stays on its account, resting ones are left out), and for each
 * account the executors as the provider lists them, those of the client's language first.
 *
 * @throws {RouterError} `not-found` for the model, `credential-unavailable` when the provider has no account, or none that is
 *   switched on, `usage-limited` or `rate-limited` when every account rests and its upstream has said until when.
 */
export function planAttempts(registry: Registry, model: string, wire: WireFormat, session: SessionHints): Plan {
  const { provider, upstreamModel } = registry.lookup(model);
  const { pool, name } = provider;
  if (pool.accounts.length === 0) throw noAccount(provider);
  const selection = pool.select({ model: upstreamModel, sessionKey: session.sessionId });
  if (selection.accounts.length === 0) throw nobodyToAsk(name, upstreamModel, selection.limit);
  return { model, provider: name, upstreamModel, attempts: attemptsOf(provider, selection, wire) };
}

/** Each account with every executor. */
export function attemptsOf(provider: Provider, { accounts }: Selection, wire: WireFormat): PlannedAttempt[] {
  const executors = inOrder(provider.executors, wire);
  return accounts.flatMap((account) =>
    executors.map((executor) => ({ executor: executor.id, transport: executor.transport, account: account.key })),
  );
}

/** Executors that speak the client's own language come first: what needs no translation loses nothing. */
function inOrder(executors: readonly Executor[], wire: WireFormat): readonly Executor[] {
  return executors.toSorted((left, right) => Number(right.wire === wire) - Number(left.wire === wire));
}

/** What a request to a provider without accounts is told. */
export function noAccount(provider: Provider): RouterError {
  return new RouterError(
    "credential-unavailable",
    `No account for provider "${provider.name}": add one under \`providers.${provider.name}.accounts\` in turnout.yaml, for example \`accounts: [{ authFile: ~/.codex/auth.json }]\``,
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
