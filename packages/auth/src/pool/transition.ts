import {
  guess,
  halfOpen,
  longestRestMs,
  type PoolSignal,
  type PoolState,
  ready,
  type RestReason,
  settle,
} from "./pool-state.ts";

/** Troubles in a row after which requests go one at a time. A single one is an ordinary day, and moving costs the cache. */
const strikesUntilProbing = 2;

type Cooling = Extract<PoolState, { kind: "cooling" }>;

function cool(state: PoolState, why: RestReason, until: number | undefined, now: number): Cooling {
  // A reset that has passed already comes from a clock that differs from ours: it tells nothing.
  const isKnown = until !== undefined && until > now;
  const { strikes } = state;
  return {
    kind: "cooling",
    why,
    isKnown,
    since: now,
    until: isKnown ? Math.min(until, now + longestRestMs) : guess(why, strikes, now),
    strikes: isKnown ? strikes : strikes + 1,
  };
}

/** What a signal makes of a state, given what time has made of the state. */
type Step<Type extends PoolSignal["type"], Kind extends PoolState["kind"]> = (
  state: Extract<PoolState, { kind: Kind }>,
  signal: Extract<PoolSignal, { type: Type }>,
  now: number,
) => PoolState;

/** The same from whatever state. */
type AnyStep<Type extends PoolSignal["type"]> = (
  state: PoolState,
  signal: Extract<PoolSignal, { type: Type }>,
  now: number,
) => PoolState;

const stay = <State extends PoolState>(state: State): State => state;
const becomeReady = (): PoolState => ready;

/** A verdict on an older state of things: its request began before this state did. */
function isStale(state: { readonly since: number }, signal: { readonly startedAt: number }): boolean {
  return signal.startedAt < state.since;
}

const limited: AnyStep<"limited"> = (state, { why, until }, now) => cool(state, why, until, now);
const refused: AnyStep<"refused"> = (state, { why }, now) => ({
  kind: "needs-login",
  why,
  since: now,
  until: guess("needs-login", state.strikes, now),
  strikes: state.strikes + 1,
});
const forbidden: AnyStep<"forbidden"> = (state, { why }, now) => ({
  kind: "disabled",
  why,
  since: now,
  until: guess("disabled", state.strikes, now),
  strikes: state.strikes + 1,
});
const withoutCredential: AnyStep<"without-credential"> = (state, _signal, now) =>
  cool(state, "no-credential", undefined, now);
const switchedOff: AnyStep<"switched-off"> = (state, { why }, now) => ({
  kind: "disabled",
  why,
  since: now,
  until: undefined,
  strikes: state.strikes,
});

/** The probe itself, whatever the clock has done since; or one that was let through after it. */
function endsProbe(probedAt: number | undefined, startedAt: number): boolean {
  return probedAt !== undefined && startedAt >= probedAt;
}

function saysNothingNew(state: { readonly since: number }, signal: Extract<PoolSignal, { type: "limited" }>): boolean {
  return signal.until === undefined && isStale(state, signal);
}

/** Of two answers to requests of one moment the second is no news, unless it names a later end, or names one at all. */
const limitedWhileCooling: Step<"limited", "cooling"> = (state, signal, now) => {
  if (saysNothingNew(state, signal)) return state;
  const next = cool(state, signal.why, signal.until, now);
  if (next.isKnown !== state.isKnown) return next.isKnown ? next : state;
  return next.until > state.until ? next : state;
};

/**
 * The whole machine: what each signal makes of each state. Signals whose request began before the state did are old news
 * and change nothing (`isStale`), limits that name their end aside, which are news whenever they come.
 */
const table: {
  readonly [Type in PoolSignal["type"]]: { readonly [Kind in PoolState["kind"]]: Step<Type, Kind> };
} = {
  taken: {
    ready: stay,
    cooling: stay,
    "half-open": (state, _signal, now) => ({ ...state, probedAt: state.probedAt ?? now }),
    "needs-login": stay,
    disabled: stay,
  },
  succeeded: {
    ready: becomeReady,
    // One that was tried all the same, because nothing better was there, and works.
    cooling: (state, signal) => (isStale(state, signal) ? state : ready),
    "half-open": (state, signal) => (isStale(state, signal) ? state : ready),
    "needs-login": (state, signal) => (isStale(state, signal) ? state : ready),
    disabled: (state, signal) => (state.until === undefined || isStale(state, signal) ? state : ready),
  },
  released: {
    ready: stay,
    cooling: stay,
    "half-open": (state, { startedAt }) =>
      endsProbe(state.probedAt, startedAt) ? { ...state, probedAt: undefined } : state,
    "needs-login": stay,
    disabled: stay,
  },
  limited: {
    ready: limited,
    cooling: limitedWhileCooling,
    "half-open": (state, signal, now) => (saysNothingNew(state, signal) ? state : limited(state, signal, now)),
    "needs-login": stay,
    disabled: stay,
  },
  troubled: {
    ready: ({ strikes }, _signal, now) =>
      strikes + 1 < strikesUntilProbing ? { kind: "ready", strikes: strikes + 1 } : halfOpen("trouble", now, 0),
    cooling: stay,
    "half-open": (state, signal, now) => (isStale(state, signal) ? state : cool(state, "trouble", undefined, now)),
    "needs-login": stay,
    disabled: stay,
  },
  "without-credential": {
    ready: withoutCredential,
    cooling: stay,
    "half-open": withoutCredential,
    "needs-login": stay,
    disabled: stay,
  },
  refused: {
    ready: refused,
    cooling: refused,
    "half-open": (state, signal, now) => (isStale(state, signal) ? state : refused(state, signal, now)),
    "needs-login": stay,
    disabled: stay,
  },
  forbidden: {
    ready: forbidden,
    cooling: forbidden,
    "half-open": (state, signal, now) => (isStale(state, signal) ? state : forbidden(state, signal, now)),
    "needs-login": stay,
    disabled: stay,
  },
  renewed: {
    ready: stay,
    // Another login of the same account has the same limits.
    cooling: (state) => (state.why === "no-credential" ? ready : state),
    "half-open": stay,
    "needs-login": becomeReady,
    disabled: (state) => (state.until === undefined ? state : ready),
  },
  replenished: {
    ready: stay,
    cooling: (state, signal) => (state.why === "usage-limit" && !isStale(state, signal) ? ready : state),
    "half-open": stay,
    "needs-login": stay,
    disabled: stay,
  },
  "switched-off": {
    ready: switchedOff,
    cooling: switchedOff,
    "half-open": switchedOff,
    "needs-login": switchedOff,
    disabled: switchedOff,
  },
  "switched-on": {
    ready: stay,
    cooling: stay,
    "half-open": stay,
    "needs-login": stay,
    disabled: (state) => (state.until === undefined ? ready : state),
  },
};

/**
 * The next state. Pure: what it needs to know of time it is told.
 *
 * @param now - Milliseconds since the epoch.
 */
export function transition(state: PoolState, signal: PoolSignal, now: number): PoolState {
  const settled = settle(state, now);
  const step = table[signal.type][settled.kind] as AnyStep<PoolSignal["type"]>;
  return step(settled, signal, now);
}
