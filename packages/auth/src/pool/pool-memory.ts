import { RouterError } from "@turnout/core";
import { z } from "zod";

import { parseJson } from "../library/parse-json.ts";
import type { LimitRow, LimitTable } from "../store/limits.ts";
import { longestRestMs, type PoolState } from "./pool-state.ts";
import type { KnownQuota } from "./quota.ts";

/** What a pool has learned, kept over a restart. */
export interface PoolMemory {
  states(): readonly { readonly accountKey: string; readonly model: string | undefined; readonly state: PoolState }[];
  quotas(): readonly { readonly accountKey: string; readonly known: readonly KnownQuota[] }[];
  saveState(accountKey: string, model: string | undefined, state: PoolState): void;
  saveQuotas(quotas: ReadonlyMap<string, readonly KnownQuota[]>, now: number): void;
}

export interface PoolMemoryOptions {
  readonly table: Pick<LimitTable, "list" | "put" | "remove">;
  readonly provider: string;
  /** Told when something could not be read or written; requests go on. */
  readonly onWarning: (error: RouterError) => void;
}

const time = z.number();
const strikes = z.int().min(0);
const stateSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("cooling"),
    why: z.enum(["usage-limit", "rate-limit", "billing", "trouble", "no-credential"]),
    isKnown: z.boolean(),
    since: time,
    until: time,
    strikes,
  }),
  z.object({
    kind: z.literal("half-open"),
    why: z.string(),
    since: time,
    strikes,
    // The request that was under way went with its process.
    probedAt: z.unknown().transform(() => undefined),
  }),
  z.object({ kind: z.literal("needs-login"), why: z.string(), since: time, until: time, strikes }),
  z.object({
    kind: z.literal("disabled"),
    why: z.string(),
    since: time,
    until: time,
    strikes,
  }),
]);

const windowSchema = z.object({
  usedPercent: z.number(),
  lengthMs: z.number().exactOptional(),
  resetsAt: time.exactOptional(),
});
const quotasSchema = z.array(
  z.object({
    source: z.enum(["answer", "usage-endpoint"]),
    at: time,
    reading: z.object({
      limit: z.string(),
      name: z.string().exactOptional(),
      models: z.array(z.string()).exactOptional(),
      plan: z.string().exactOptional(),
      reached: z.boolean().exactOptional(),
      windows: z.array(windowSchema),
      credits: z
        .object({ hasCredits: z.boolean(), unlimited: z.boolean(), balance: z.string().exactOptional() })
        .exactOptional(),
    }),
  }),
);

/** As the table writes it. */
const wholeAccount = "*";

/** A row that cannot be read is none: it comes from another version, and what it says is learned again. */
function readRow<Schema extends z.ZodType>(row: LimitRow, schema: Schema): z.output<Schema> | undefined {
  return schema.safeParse(parseJson(row.value)).data;
}

export function createPoolMemory({ table, provider, onWarning }: PoolMemoryOptions): PoolMemory {
  let rows: readonly LimitRow[] | undefined;

  /** A store that cannot be used costs the memory, never a request. */
  function attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!RouterError.is(error) || error.code !== "store-unavailable") throw error;
      onWarning(error);
    }
  }

  function rowsOf(kind: string): readonly LimitRow[] {
    if (rows === undefined) {
      attempt(() => {
        rows = table.list(provider);
      });
      rows ??= [];
    }
    return rows.filter((row) => row.kind === kind);
  }

  return {
    states: () =>
      rowsOf("state").flatMap((row) => {
        const state = readRow(row, stateSchema);
        const model = row.model === wholeAccount ? undefined : row.model;
        return state === undefined ? [] : [{ accountKey: row.accountKey, model, state }];
      }),
    quotas: () =>
      rowsOf("quota").map((row) => ({ accountKey: row.accountKey, known: readRow(row, quotasSchema) ?? [] })),
    saveState(accountKey, model, state) {
      const place = { provider, accountKey, model: model ?? wholeAccount, kind: "state" };
      attempt(() => {
        // What its owner has switched off is written elsewhere, and read again at the next start.
        const isForgotten = state.kind === "ready" || (state.kind === "disabled" && state.until === undefined);
        if (isForgotten) table.remove([place]);
        else table.put([{ ...place, value: JSON.stringify(state), until: restsUntil(state) + longestRestMs }]);
      });
    },
    saveQuotas(quotas, now) {
      const changed = [...quotas].map(([accountKey, known]): LimitRow => {
        const value = JSON.stringify(known);
        return { provider, accountKey, model: wholeAccount, kind: "quota", value, until: now + longestRestMs };
      });
      if (changed.length > 0) attempt(() => table.put(changed));
    },
  };
}

/** A state counts for some time after its rest: what follows from it, one request at a time, is worth remembering too. */
function restsUntil(state: Exclude<PoolState, { kind: "ready" }>): number {
  return "until" in state && state.until !== undefined ? state.until : state.since;
}
