import type { PoolAttempt } from "@turnout/auth";
import type { AnyRouterError, Credential } from "@turnout/core";
import { RouterError } from "@turnout/core";

/** One account while a request is tried with it, over one transport or several. */
export interface AccountInUse {
  readonly attempt: PoolAttempt;
  /** What it was last tried with. */
  readonly shown: Credential | undefined;
  /** The credential has been renewed for this request already. */
  readonly isRenewed: boolean;
  /** @throws {RouterError} `credential-unavailable` when there is none, or only one that the upstream has refused before. */
  credential(signal: AbortSignal): Promise<Credential>;
  /**
   * After the upstream refused the credential with `rejection`.
   *
   * @returns Why there is no fresh one, or undefined when there is one.
   */
  renew(rejection: AnyRouterError, signal: AbortSignal): Promise<AnyRouterError | undefined>;
  /** The request is over for this account, for that reason. */
  gaveUp(error: AnyRouterError): void;
}

/** @param provider - Named in errors. */
export function useAccount(attempt: PoolAttempt, provider: string): AccountInUse {
  const { account } = attempt;
  const name = account.label ?? account.key;
  let shown: Credential | undefined;
  let verdict: AnyRouterError | undefined;
  let isRenewed = false;

  /** Nothing but a new credential helps. */
  function refused(): AnyRouterError {
    return RouterError.from(
      new RouterError(
        "credential-unavailable",
        `Account "${name}" of provider "${provider}" was refused and there is no newer credential: log in again`,
        { provider, needsLogin: true },
      ),
    );
  }

  return {
    attempt,
    get shown() {
      return shown;
    },
    get isRenewed() {
      return isRenewed;
    },
    async credential(signal) {
      if (shown !== undefined) return shown;
      const leased = await account.lease(signal);
      if (!attempt.accepts(leased)) throw refused();
      shown = leased;
      return leased;
    },
    async renew(rejection, signal) {
      isRenewed = true;
      try {
        const fresh = shown && (await account.renew(shown, signal));
        if (fresh === undefined) {
          // What the pool shall know is why the upstream refused, not that we have nothing else.
          verdict = rejection;
          return refused();
        }
        shown = fresh;
        return undefined;
      } catch (error) {
        return RouterError.from(error);
      }
    },
    gaveUp(error) {
      attempt.failed(verdict ?? error, shown);
    },
  };
}
