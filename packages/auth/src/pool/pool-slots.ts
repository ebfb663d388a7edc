import { openAt, type PoolSignal, type PoolState, ready, settle } from "./pool-state.ts";
import { transition } from "./transition.ts";

/** The states of all accounts for one model, or of the accounts as a whole. */
interface SlotTable {
  readonly states: PoolState[];
  /** `openAt` of each state: a look at a thousand accounts is a look at a thousand numbers. */
  readonly opens: Float64Array;
}

/** The states of a pool, by place of the account and model; `undefined` as model stands for the account as a whole. */
export interface PoolSlots {
  /**
   * From when on accounts take requests for the model, milliseconds since the epoch, by place: the later of both counts.
   * `own` is undefined for a model of which nothing is known. To be read at once, not kept.
   */
  opens(model: string): { readonly whole: Float64Array; readonly own: Float64Array | undefined };
  /** As it is now. */
  state(index: number, model: string | undefined, now: number): PoolState;
  /** What is known of an account and its models beyond their being ready, as it was when it was learned. */
  known(index: number): readonly { readonly model: string | undefined; readonly state: PoolState }[];
  signal(index: number, model: string | undefined, signal: PoolSignal, now: number): void;
  /** Puts a remembered state in place. */
  restore(index: number, model: string | undefined, state: PoolState, now: number): void;
  /** To be called before looking: a clock that was set back must bury nobody. */
  watchClock(now: number): void;
}

export interface PoolSlotsOptions {
  readonly size: number;
  /** Told of every change that is worth remembering. */
  readonly onChange: (index: number, model: string | undefined, state: PoolState) => void;
}

/** Models with states of their own; what is asked for beyond has none, and goes by its account. Names come from the config. */
const mostModels = 256;

function createTable(size: number): SlotTable {
  return { states: Array.from({ length: size }, () => ready), opens: new Float64Array(size) };
}

export function createPoolSlots({ size, onChange }: PoolSlotsOptions): PoolSlots {
  const whole = createTable(size);
  const byModel = new Map<string, SlotTable>();
  let lastNow = Number.NEGATIVE_INFINITY;

  function tableOf(model: string | undefined): SlotTable | undefined {
    return model === undefined ? whole : byModel.get(model);
  }

  function put(table: SlotTable, index: number, state: PoolState): void {
    table.states[index] = state;
    table.opens[index] = openAt(state);
  }

  /** What is ready anyway needs no table. */
  function tableFor(model: string | undefined, state: PoolState): SlotTable | undefined {
    const known = tableOf(model);
    if (known !== undefined || model === undefined || state === ready || byModel.size >= mostModels) return known;
    const table = createTable(size);
    byModel.set(model, table);
    return table;
  }

  /** What was over by the time the clock showed last stays over. */
  function turnBack(model: string | undefined, table: SlotTable, now: number): void {
    table.states.forEach((state, index) => {
      const settled = settle(settle(state, lastNow), now);
      if (settled === state) return;
      put(table, index, settled);
      onChange(index, model, settled);
    });
  }

  return {
    opens: (model) => ({ whole: whole.opens, own: byModel.get(model)?.opens }),
    state: (index, model, now) => settle(tableOf(model)?.states[index] ?? ready, now),
    known: (index) =>
      [[undefined, whole] as const, ...byModel].flatMap(([model, { states }]) => {
        const state = states[index] ?? ready;
        return state === ready ? [] : [{ model, state }];
      }),
    signal(index, model, signal, now) {
      const before = tableOf(model)?.states[index] ?? ready;
      const after = transition(before, signal, now);
      if (after === before) return;
      const table = tableFor(model, after);
      if (table === undefined) return;
      put(table, index, after);
      if (isWorthRemembering(before, after)) onChange(index, model, after);
    },
    restore(index, model, state, now) {
      const table = tableFor(model, state);
      if (table === undefined) return;
      const settled = settle(state, now);
      put(table, index, settled);
      if (settled !== state) onChange(index, model, settled);
    },
    watchClock(now) {
      if (now < lastNow) {
        turnBack(undefined, whole, now);
        for (const [model, table] of byModel) turnBack(model, table, now);
      }
      lastNow = now;
    },
  };
}

/** Probes and single troubles come and go with requests; a start without them loses nothing. */
function isWorthRemembering(before: PoolState, after: PoolState): boolean {
  if (before.kind !== after.kind) return true;
  return after.kind !== "ready" && after.kind !== "half-open";
}
