import type { QuotaWindow } from "@turnout/core";

import { openAt, type PoolState, settle } from "./pool-state.ts";
import type { KnownQuota, QuotaSource } from "./quota.ts";
import type { Roster } from "./roster.ts";

/** A state as people want to see it. */
export interface StateReport {
  readonly kind: PoolState["kind"];
  /** In our own words or in those of the upstream; undefined when it is ready. */
  readonly why: string | undefined;
  /** When it takes requests again, milliseconds since the epoch; undefined when it does now, or never by itself. */
  readonly until: number | undefined;
  /** The upstream has named that time; else it is when turnout asks again. */
  readonly isKnown: boolean;
}

export interface QuotaWindowReport extends QuotaWindow {
  /** 0 to 100. */
  readonly leftPercent: number;
}

/** One limit of an account, as last heard of. Windows that have been reset since are shown empty. */
export interface QuotaReport {
  readonly limit: string;
  readonly name: string | undefined;
  readonly plan: string | undefined;
  /** Shortest first. */
  readonly windows: readonly QuotaWindowReport[];
  readonly source: QuotaSource;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** All that a pool knows of an account. */
export interface AccountReport {
  readonly key: string;
  readonly label: string | undefined;
  readonly priority: number;
  readonly weight: number;
  readonly state: StateReport;
  /** Models with a state of their own, beside the account's. */
  readonly models: readonly { readonly model: string; readonly state: StateReport }[];
  readonly quotas: readonly QuotaReport[];
}

function reportState(state: PoolState, now: number): StateReport {
  const opens = openAt(state);
  return {
    kind: state.kind,
    why: state.kind === "ready" ? undefined : state.why,
    until: opens > now && opens !== Number.POSITIVE_INFINITY ? opens : undefined,
    isKnown: state.kind === "cooling" && state.isKnown,
  };
}

function reportWindow(window: QuotaWindow, now: number): QuotaWindowReport {
  const { resetsAt, lengthMs } = window;
  const length = lengthMs === undefined ? {} : { lengthMs };
  // When the next window begins is not known: with the first request in it, as far as was seen.
  if (resetsAt !== undefined && resetsAt <= now) return { usedPercent: 0, leftPercent: 100, ...length };
  return { ...window, leftPercent: Math.min(100, Math.max(0, 100 - window.usedPercent)) };
}

function reportQuota({ reading, source, at }: KnownQuota, now: number): QuotaReport {
  const windows = reading.windows
    .map((window) => reportWindow(window, now))
    .toSorted((left, right) => (left.lengthMs ?? 0) - (right.lengthMs ?? 0));
  return { limit: reading.limit, name: reading.name, plan: reading.plan, windows, source, at };
}

export function reportAccounts({ accounts, slots, quotas }: Roster, now: number): AccountReport[] {
  return accounts.map(({ key, label, priority = 0, weight = 1 }, index) => ({
    key,
    label,
    priority,
    weight,
    state: reportState(slots.state(index, undefined, now), now),
    models: slots
      .known(index)
      .flatMap(({ model, state }) =>
        model === undefined ? [] : [{ model, state: reportState(settle(state, now), now) }],
      )
      .filter(({ state }) => state.kind !== "ready"),
    quotas: quotas(index).map((known) => reportQuota(known, now)),
  }));
}
