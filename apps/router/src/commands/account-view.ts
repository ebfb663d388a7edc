import {
  type AccountRecord,
  type AccountReport,
  type AccountStore,
  accountTraits,
  createAccountPool,
  isFollowed,
} from "@turnout/auth";
import type { Account, Runtime } from "@turnout/core";
import { RouterError } from "@turnout/core";
import { plainText, renderDuration } from "./table.ts";
import type { Colour } from "./terminal.ts";

/** What a table says of an account. */
export type AccountState = "ready" | "cooling" | "half-open" | "disabled" | "needs-login" | "expired";

/** An account with what the router last knew of its limits. */
export interface AccountView {
  readonly record: AccountRecord;
  readonly state: AccountState;
  readonly why: string | undefined;
  /** When it is used again by itself, milliseconds since the epoch. */
  readonly until: number | undefined;
  /** The tightest window of its limits: share left, 0 to 100, and when it begins anew. */
  readonly quotaLeftPercent: number | undefined;
  readonly quotaResetsAt: number | undefined;
  readonly limits: AccountReport["quotas"];
}

/** The pool wants accounts to lease; nobody leases here. */
function asAccount(record: AccountRecord): Account {
  const nobody = () => Promise.reject(new RouterError("internal", "Accounts are only looked at here", {}));
  return {
    key: record.id,
    ...accountTraits(record),
    lease: nobody,
    renew: nobody,
  };
}

/** Everything the store knows, by provider and then as they were made. */
export function viewAccounts(store: AccountStore, runtime: Runtime): AccountView[] {
  const records = store.accounts.list();
  const providers = [...new Set(records.map(({ provider }) => provider))].toSorted();
  return providers.flatMap((provider) => {
    const own = records.filter((record) => record.provider === provider);
    const memory = { table: store.limits, provider };
    const pool = createAccountPool(own.map(asAccount), { runtime, memory });
    try {
      const reports = new Map(pool.report().map((report) => [report.key, report]));
      return own.map((record) => viewAccount(record, reports.get(record.id), runtime.now()));
    } finally {
      pool.close();
    }
  });
}

function viewAccount(record: AccountRecord, report: AccountReport | undefined, now: number): AccountView {
  const windows = (report?.quotas ?? []).flatMap((quota) => quota.windows);
  const [tightest] = windows.toSorted((left, right) => left.leftPercent - right.leftPercent);
  return {
    record,
    ...stateOf(record, report, now),
    quotaLeftPercent: tightest?.leftPercent,
    quotaResetsAt: tightest?.resetsAt,
    limits: report?.quotas ?? [],
  };
}

function stateOf(record: AccountRecord, report: AccountReport | undefined, now: number) {
  const { disabled, needsLogin, expiresAt, refreshable } = record;
  if (disabled !== undefined) return { state: "disabled", why: disabled.reason, until: undefined } as const;
  if (needsLogin !== undefined) return { state: "needs-login", why: needsLogin.reason, until: undefined } as const;
  if (expiresAt !== undefined && expiresAt <= now && !refreshable) {
    return { state: "expired", why: "its token has expired and cannot be refreshed", until: undefined } as const;
  }
  const { kind = "ready", why, until } = report?.state ?? {};
  return { state: kind, why, until };
}

/** True for accounts that wait for their owner. */
export function wantsLogin({ state }: AccountView): boolean {
  return state === "needs-login" || state === "expired";
}

/** The view for scripts; no secret in it. */
export function accountJson({ record, state, why, until, quotaLeftPercent, quotaResetsAt, limits }: AccountView) {
  const { id, provider, label, kind, origin, plan, email, priority, weight, createdAt, expiresAt, refreshable } =
    record;
  const known = { id, provider, label, kind, origin, plan, email, priority, weight, createdAt, expiresAt, refreshable };
  return { ...known, state, why, until, quotaLeftPercent, quotaResetsAt, limits };
}

const stateColours: Readonly<Record<AccountState, Colour>> = {
  ready: "green",
  "half-open": "yellow",
  cooling: "yellow",
  disabled: "dim",
  "needs-login": "red",
  expired: "red",
};

export const accountHeadings: readonly string[] = [
  "PROVIDER",
  "LABEL",
  "PLAN",
  "STATE",
  "QUOTA LEFT",
  "RESETS IN",
  "EXPIRES",
];

/** A row of the table. */
export function accountRow(view: AccountView, now: number, colour: (name: Colour, text: string) => string): string[] {
  const { record, state, until, quotaLeftPercent, quotaResetsAt } = view;
  const rest = until === undefined ? "" : ` ${renderDuration(until - now)}`;
  return [
    record.provider,
    plainText(record.label),
    plainText(record.plan ?? "-"),
    colour(stateColours[state], `${state}${rest}`),
    quotaLeftPercent === undefined ? "-" : `${Math.round(quotaLeftPercent)}%`,
    quotaResetsAt === undefined ? "-" : renderDuration(quotaResetsAt - now),
    expiry(record, now),
  ];
}

/** An access token that will be refreshed does not worry anybody; its end is told all the same. */
function expiry(record: AccountRecord, now: number): string {
  const { kind, expiresAt, refreshable } = record;
  if (isFollowed(record)) return "kept by Codex CLI";
  if (kind === "api-key") return "never";
  if (expiresAt === undefined) return "-";
  const left = expiresAt <= now ? "now" : `in ${renderDuration(expiresAt - now)}`;
  return refreshable ? `${left}, renewed` : left;
}
