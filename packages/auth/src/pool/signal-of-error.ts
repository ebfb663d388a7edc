import { type AnyRouterError, retryAfterMs } from "@turnout/core";

import type { PoolSignal } from "./pool-state.ts";

/** What a failed attempt says, and of what: the account as a whole, or the model it was asked for. */
export interface FailureVerdict {
  readonly scope: "account" | "model";
  readonly signal: PoolSignal;
}

/** Characters of a reason that are kept: it may quote an upstream, which may say anything at any length. */
const longestReason = 300;

function reasonOf({ message }: AnyRouterError): string {
  return message.slice(0, longestReason);
}

/**
 * What a failure says of the account it was met with. Most say nothing: the client's own mistake, a connection that broke, an
 * edge's page, an upstream without capacity for anybody.
 *
 * @param startedAt - When the attempt began, and `now`, both milliseconds since the epoch.
 */
export function signalOfError(error: AnyRouterError, startedAt: number, now: number): FailureVerdict {
  const wait = retryAfterMs(error);
  const until = wait === undefined ? undefined : now + wait;
  switch (error.code) {
    case "usage-limited": {
      // A limit that counts for some models only, and this one was asked for.
      const scope = error.details.quota?.models === undefined ? "account" : "model";
      const signal = {
        type: "limited",
        why: "usage-limit",
        until: error.details.resetsAt ?? until,
        startedAt,
      } as const;
      return { scope, signal };
    }
    case "rate-limited":
      // Counted for each model by every provider known; where it is for all, the next model will say so.
      return { scope: "model", signal: { type: "limited", why: "rate-limit", until, startedAt } };
    case "billing-required":
      return { scope: "account", signal: { type: "limited", why: "billing", until: undefined, startedAt } };
    case "credential-rejected":
      return error.details.status === 403
        ? { scope: "account", signal: { type: "forbidden", why: reasonOf(error), startedAt } }
        : { scope: "account", signal: { type: "refused", why: reasonOf(error), startedAt } };
    case "credential-unavailable":
      return error.details.needsLogin === true
        ? { scope: "account", signal: { type: "refused", why: reasonOf(error), startedAt } }
        : { scope: "account", signal: { type: "without-credential", startedAt } };
    case "store-unavailable":
      return { scope: "account", signal: { type: "without-credential", startedAt } };
    case "upstream-failed":
      return { scope: "model", signal: { type: "troubled", startedAt } };
    default:
      return { scope: "account", signal: { type: "released", startedAt } };
  }
}
