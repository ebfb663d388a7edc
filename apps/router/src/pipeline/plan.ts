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
  readonly attempts: readonly PlannedAttempt[];
}

/**
 * Orders the attempts: accounts by their pool (a conversation stays on its account, cooling ones are left out), and for each
 * account the executors as the provider lists them, those of the client's language first.
 *
 * @throws {RouterError} `not-found` for the model, `credential-unavailable` when the provider has no account.
 */
export function planAttempts(registry: Registry, model: string, wire: WireFormat, session: SessionHints): Plan {
  const { provider, upstreamModel } = registry.lookup(model);
  const accounts = provider.pool.candidates(session.sessionId);
  if (accounts.length === 0) throw noAccount(provider);
  const attempts = accounts.flatMap((account) =>
    inOrder(provider.executors, wire).map((executor) => ({
      executor: executor.id,
      transport: executor.transport,
      account: account.key,
    })),
  );
  return { model, provider: provider.name, upstreamModel, attempts };
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
