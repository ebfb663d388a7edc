import { type Account, type AnyRouterError, RouterError } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import fc from "fast-check";
import { expect, test } from "vitest";

import { createApiKeyAccount } from "../accounts/fixed-account.ts";
import type { LimitRow, LimitTable } from "../store/limits.ts";
import { createAccountPool } from "./account-pool.ts";
import type { AccountPool, PoolAttempt } from "./pool-contract.ts";
import { longestGuessMs, longestRestMs, probeTimeoutMs } from "./pool-state.ts";
import { strategies, type Strategy } from "./strategy.ts";

const keys = ["a", "b", "c", "d"] as const;
const models = ["m", "n"] as const;
type Key = (typeof keys)[number];
type ModelName = (typeof models)[number];

const minute = 60_000;
const hour = 60 * minute;

/** The longest rest after troubles of the upstream. */
const longestTroubleMs = minute;

/** What a request may come to. `resetInMs` of limits: undefined when the upstream does not say. */
type Outcome =
  | { readonly kind: "success" | "mistake" | "broken" | "trouble" | "overload" | "refused" | "forbidden" | "no-login" }
  | { readonly kind: "usage" | "rate"; readonly resetInMs: number | undefined }
  | { readonly kind: "billing" };

function errorOf(outcome: Outcome, now: number): AnyRouterError | undefined {
  const make = (): RouterError | undefined => {
    switch (outcome.kind) {
      case "success":
        return undefined;
      case "mistake":
        return new RouterError("request-invalid", "wrong", {});
      case "broken":
        return new RouterError("upstream-malformed", "a page", { excerpt: "<html>" });
      case "trouble":
        return new RouterError("upstream-failed", "500", { status: 500, upstreamCode: undefined });
      case "overload":
        return new RouterError("upstream-overloaded", "503", { retryAfterMs: undefined });
      case "refused":
        return new RouterError("credential-rejected", "401", { status: 401 });
      case "forbidden":
        return new RouterError("credential-rejected", "403", { status: 403 });
      case "no-login":
        return new RouterError("credential-unavailable", "none", { provider: "p" });
      case "billing":
        return new RouterError("billing-required", "no money", {});
      case "usage": {
        const resetsAt = outcome.resetInMs === undefined ? undefined : now + outcome.resetInMs;
        return new RouterError("usage-limited", "used up", { retryAfterMs: undefined, resetsAt });
      }
      case "rate":
        return new RouterError("rate-limited", "slow down", { retryAfterMs: outcome.resetInMs });
    }
  };
  const error = make();
  return error === undefined ? undefined : RouterError.from(error);
}

type RowTable = Pick<LimitTable, "list" | "put" | "remove">;

/** A table that outlives the pool. */
function createRowTable(): RowTable {
  const rows = new Map<string, LimitRow>();
  const placeOf = (row: Pick<LimitRow, "accountKey" | "model" | "kind">) =>
    `${row.accountKey} ${row.model} ${row.kind}`;
  return {
    list: () => [...rows.values()],
    put: (added) => added.forEach((row) => rows.set(placeOf(row), row)),
    remove: (gone) => gone.forEach((row) => rows.delete(placeOf(row))),
  };
}

/** By when an account must take requests again, whatever happens meanwhile. */
interface Due {
  since: number;
  by: number;
}

/** What the pool was told, in the simplest terms. */
interface World {
  now: number;
  /** Of the account as a whole, and of its models: `a`, `a m`. */
  readonly dues: Map<string, Due>;
  /** Ends of limits that the upstream has named. */
  readonly limits: Map<string, number>;
  /** When limits of unknown end, and want of money, are over at the latest. */
  readonly guesses: Map<string, number>;
  readonly off: Set<Key>;
  pending: { readonly key: Key; readonly model: ModelName; readonly attempt: PoolAttempt }[];
}

interface Real {
  pool: AccountPool;
  readonly table: RowTable;
  readonly strategy: Strategy;
  readonly world: World;
}

function accountsOf(off: ReadonlySet<Key>): Account[] {
  return keys.map((key, index) => ({
    ...createApiKeyAccount({ key, apiKey: `sk-${key}` }),
    priority: index % 2,
    weight: 1 + index,
    ...(off.has(key) ? { disabled: "its owner" } : {}),
  }));
}

function createPool({ table, strategy, world }: Omit<Real, "pool">): AccountPool {
  const runtime = { ...createFakeRuntime(), now: () => world.now };
  return createAccountPool(accountsOf(world.off), { runtime, strategy, memory: { table, provider: "p" } });
}

function open(pool: AccountPool, model: ModelName): string[] {
  const tried = new Set<string>();
  for (;;) {
    const { account, isForced } = pool.select({ model }, tried);
    if (account === undefined || isForced) return [...tried].toSorted();
    tried.add(account.key);
  }
}

function rest(world: World, scope: string, milliseconds: number): void {
  const before = world.dues.get(scope);
  const by = world.now + Math.min(milliseconds, longestRestMs);
  if (before === undefined || by > before.by) world.dues.set(scope, { since: world.now, by });
}

function limit(world: World, scope: string, resetInMs: number | undefined): void {
  const isKnown = resetInMs !== undefined && resetInMs > 0;
  rest(world, scope, isKnown ? Math.max(resetInMs, longestGuessMs) : longestGuessMs);
  const ends = isKnown ? world.limits : world.guesses;
  const end = world.now + (isKnown ? Math.min(resetInMs, longestRestMs) : longestGuessMs);
  // Of several limits the one that lasts longest counts.
  ends.set(scope, Math.max(end, ends.get(scope) ?? 0));
}

function noteOutcome(world: World, key: Key, model: ModelName, outcome: Outcome): void {
  switch (outcome.kind) {
    case "usage":
      limit(world, key, outcome.resetInMs);
      break;
    case "rate":
      limit(world, `${key} ${model}`, outcome.resetInMs);
      break;
    case "trouble":
      rest(world, `${key} ${model}`, longestTroubleMs);
      break;
    case "refused":
    case "forbidden":
    case "no-login":
      rest(world, key, longestGuessMs);
      break;
    case "billing":
      limit(world, key, undefined);
      break;
    default:
  }
}

/** A probe that is out keeps others away until it is lost. */
function notePending(world: World, key: Key, model: ModelName): void {
  rest(world, `${key} ${model}`, probeTimeoutMs);
}

function isDue(world: World, key: Key, model: ModelName): boolean {
  return (
    !world.off.has(key) && [key, `${key} ${model}`].every((scope) => (world.dues.get(scope)?.by ?? 0) <= world.now)
  );
}

function isIn(ends: ReadonlyMap<string, number>, world: World, key: Key, model: ModelName): boolean {
  return [key, `${key} ${model}`].some((scope) => (ends.get(scope) ?? 0) > world.now);
}

function checkAll({ pool, world }: Real): void {
  for (const model of models) {
    const takes = open(pool, model);
    // No healthy account stays unused for longer than its rest.
    expect(takes).toEqual(expect.arrayContaining(keys.filter((key) => isDue(world, key, model))));
    for (const key of world.off) expect(takes).not.toContain(key);
    // Nobody is refused unless every account is used up, and one of them until a known time, or is switched off.
    const { account, limit: reached } = pool.select({ model });
    const on = keys.filter((key) => !world.off.has(key));
    const isHopeless =
      on.every((key) => isIn(world.limits, world, key, model) || isIn(world.guesses, world, key, model)) &&
      (on.length === 0 || on.some((key) => isIn(world.limits, world, key, model)));
    if (account === undefined) expect(isHopeless).toBe(true);
    if (account === undefined && world.off.size < keys.length) expect(reached?.waitMs).toBeGreaterThan(0);
  }
}

type Step = fc.Command<World, Real>;

function step(name: string, run: (real: Real) => void): Step {
  return {
    check: () => true,
    run: (_model, real) => {
      run(real);
      checkAll(real);
    },
    toString: () => name,
  };
}

function finish(attempt: PoolAttempt, outcome: Outcome, now: number): void {
  const error = errorOf(outcome, now);
  if (error === undefined) attempt.succeeded();
  else attempt.failed(error);
  attempt.released();
}

const harmless = new Set<Outcome["kind"]>(["success", "mistake", "broken", "overload"]);

function ask(model: ModelName, sessionKey: string | undefined, outcome: Outcome): Step {
  return step(`ask(${model}, ${sessionKey}, ${JSON.stringify(outcome)})`, ({ pool, world }) => {
    const { account } = pool.select({ model, sessionKey });
    if (account === undefined) return;
    const key = keys.find((candidate) => candidate === account.key) ?? "a";
    const before = open(pool, model);
    finish(pool.begin(key, { model, sessionKey }), outcome, world.now);
    noteOutcome(world, key, model, outcome);
    // The client's mistakes and the connection's troubles punish nobody.
    if (harmless.has(outcome.kind)) expect(open(pool, model)).toEqual(expect.arrayContaining(before));
  });
}

function begin(model: ModelName): Step {
  return step(`begin(${model})`, ({ pool, world }) => {
    const { account } = pool.select({ model });
    if (account === undefined) return;
    const key = keys.find((candidate) => candidate === account.key) ?? "a";
    world.pending.push({ key, model, attempt: pool.begin(key, { model }) });
    for (const other of models) notePending(world, key, other);
  });
}

function end(outcome: Outcome): Step {
  return step(`end(${JSON.stringify(outcome)})`, ({ world }) => {
    const pending = world.pending.shift();
    if (pending === undefined) return;
    finish(pending.attempt, outcome, world.now);
    noteOutcome(world, pending.key, pending.model, outcome);
  });
}

function advance(milliseconds: number): Step {
  return step(`advance(${milliseconds})`, ({ world }) => {
    world.now += milliseconds;
  });
}

function setBack(milliseconds: number): Step {
  return step(`setBack(${milliseconds})`, ({ world }) => {
    world.now -= milliseconds;
    // What began "later" than now begins now: no rest gets longer than it was meant to be.
    for (const due of world.dues.values()) {
      const early = Math.max(0, due.since - world.now);
      due.since -= early;
      due.by -= early;
    }
  });
}

function quota(key: Key, usedPercent: number, resetInMs: number): Step {
  return step(`quota(${key}, ${usedPercent}, ${resetInMs})`, ({ pool, world }) => {
    pool.noteQuota(key, { limit: "codex", windows: [{ usedPercent, resetsAt: world.now + resetInMs }] });
    if (usedPercent >= 100) limit(world, key, resetInMs);
  });
}

function toggle(key: Key): Step {
  return step(`toggle(${key})`, ({ pool, world }) => {
    if (!world.off.delete(key)) world.off.add(key);
    pool.update(accountsOf(world.off));
  });
}

function renew(key: Key): Step {
  return step(`renew(${key})`, ({ pool }) => pool.renewed(key));
}

function restart(): Step {
  return step("restart", (real) => {
    const before = models.map((model) => open(real.pool, model));
    // A probe that was out is not after the restart; whoever was open still is, and nobody else.
    const probed = models.map((model) => keys.filter((key) => isProbed(real.pool, key, model)));
    real.pool.close();
    real.world.pending = [];
    real.pool = createPool(real);
    models.forEach((model, at) => {
      const expected = new Set([...(before[at] ?? []), ...(probed[at] ?? [])]);
      expect(open(real.pool, model)).toEqual([...expected].toSorted());
    });
  });
}

/** Nothing but a probe keeps it from taking requests. */
function isProbed(pool: AccountPool, key: Key, model: ModelName): boolean {
  const report = pool.report().find((account) => account.key === key);
  if (report === undefined) return false;
  const own = report.models.find((candidate) => candidate.model === model);
  const states = own === undefined ? [report.state] : [report.state, own.state];
  return states.every(({ kind, until }) => kind === "half-open" || until === undefined) && !isOff(report.state);
}

function isOff({ kind, until }: { readonly kind: string; readonly until: number | undefined }): boolean {
  return kind === "disabled" && until === undefined;
}

const duration = fc.oneof(
  fc.integer({ min: 0, max: 2_000 }),
  fc.integer({ min: 1_000, max: 3 * minute }),
  fc.integer({ min: minute, max: 6 * hour }),
  fc.integer({ min: hour, max: 10 * 24 * hour }),
);
const reset = fc.oneof(fc.constant(undefined), duration);
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("usage" as const, "rate" as const), resetInMs: reset }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        ...(["success", "mistake", "broken", "trouble", "overload", "refused", "forbidden", "no-login"] as const),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "billing" as const }) },
);
const model = fc.constantFrom(...models);
const key = fc.constantFrom(...keys);
const session = fc.option(fc.constantFrom("s", "t", "u"), { nil: undefined });

const steps: fc.Arbitrary<Step>[] = [
  fc.tuple(model, session, outcome).map((values) => ask(...values)),
  fc.tuple(model, session, outcome).map((values) => ask(...values)),
  fc.tuple(model, session, outcome).map((values) => ask(...values)),
  model.map(begin),
  outcome.map(end),
  duration.map(advance),
  duration.map(advance),
  duration.map(setBack),
  fc.tuple(key, fc.integer({ min: 0, max: 110 }), duration).map((values) => quota(...values)),
  key.map(toggle),
  key.map(renew),
  fc.constant(undefined).map(restart),
];

test.each(strategies)(
  "with strategy %s, in no reachable state is a healthy account unused for longer than its rest, nor the pool emptied by troubles, nor is anything changed by a restart",
  (strategy) => {
    fc.assert(
      fc.property(fc.commands(steps, { maxCommands: 60, size: "max" }), (commands) => {
        fc.modelRun(() => {
          const world: World = {
            now: 1_800_000_000_000,
            dues: new Map(),
            limits: new Map(),
            guesses: new Map(),
            off: new Set(),
            pending: [],
          };
          const parts = { table: createRowTable(), strategy, world };
          const pool = createPool(parts);
          expect(models.map((model) => open(pool, model))).toEqual(models.map(() => keys));
          return { model: world, real: { ...parts, pool } };
        }, commands);
      }),
      { numRuns: 200 },
    );
  },
);
