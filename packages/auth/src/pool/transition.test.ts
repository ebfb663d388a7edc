import { expect, test } from "vitest";

import { longestRestMs, openAt, type PoolSignal, type PoolState, probeTimeoutMs, ready, settle } from "./pool-state.ts";
import { transition } from "./transition.ts";

const now = 1_800_000_000_000;
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

function limited(until: number | undefined, startedAt = now): PoolSignal {
  return { type: "limited", why: "usage-limit", until, startedAt };
}

function troubled(startedAt = now): PoolSignal {
  return { type: "troubled", startedAt };
}

/** One signal after the other, each a second later than the last. */
function after(state: PoolState, ...signals: readonly PoolSignal[]): PoolState {
  return signals.reduce((current, signal, index) => transition(current, signal, now + index * second), state);
}

test("a limit with a reset rests until then, and is over then by itself", () => {
  const state = transition(ready, limited(now + 3 * hour), now);
  expect(state).toMatchObject({ kind: "cooling", isKnown: true, until: now + 3 * hour });
  expect(settle(state, now + 3 * hour - 1)).toBe(state);
  expect(settle(state, now + 3 * hour)).toEqual(ready);
});

test("a limit without a reset rests for a guess, then one request at a time finds out, and each time in vain doubles it", () => {
  const first = transition(ready, limited(undefined), now);
  expect(first).toMatchObject({ kind: "cooling", isKnown: false, until: now + minute });
  const later = now + minute;
  expect(settle(first, later)).toMatchObject({ kind: "half-open", probedAt: undefined });
  const probing = transition(first, { type: "taken" }, later);
  expect(probing).toMatchObject({ kind: "half-open", probedAt: later });
  expect(openAt(probing)).toBe(later + probeTimeoutMs);
  expect(transition(probing, limited(undefined, later), later)).toMatchObject({ until: later + 2 * minute });
  expect(transition(probing, { type: "succeeded", startedAt: later }, later)).toEqual(ready);
});

test("a probe that ends without a verdict, or is never heard of again, lets another one go", () => {
  const probing = transition(transition(ready, limited(undefined), now), { type: "taken" }, now + minute);
  const released = transition(probing, { type: "released", startedAt: now + minute }, now + 2 * minute);
  expect(openAt(released)).toBe(0);
  const other = transition(probing, { type: "released", startedAt: now + minute - 5 }, now + 2 * minute);
  expect(openAt(other)).toBeGreaterThan(now + 2 * minute);
  expect(openAt(settle(probing, now + minute + probeTimeoutMs))).toBe(0);
});

test("a reset that has passed already tells nothing, and one that is years away does not bury the account", () => {
  expect(transition(ready, limited(now - hour), now)).toMatchObject({ isKnown: false, until: now + minute });
  expect(transition(ready, limited(now + 400 * 24 * hour), now)).toMatchObject({ until: now + longestRestMs });
});

test("of several limits the one that lasts longest counts, and a known one more than a guess", () => {
  const short = transition(ready, limited(now + minute), now);
  expect(after(short, limited(now + hour))).toMatchObject({ until: now + hour });
  expect(after(short, limited(now + second))).toEqual(short);
  expect(after(transition(ready, limited(undefined), now), limited(now + second))).toMatchObject({
    isKnown: true,
    until: now + second,
  });
});

test("answers to requests that began before a rest neither lengthen nor end it", () => {
  const cooling = transition(ready, limited(undefined), now);
  expect(transition(cooling, limited(undefined, now - 1), now + 1)).toBe(cooling);
  expect(transition(cooling, { type: "succeeded", startedAt: now - 1 }, now + 1)).toBe(cooling);
  expect(transition(cooling, { type: "succeeded", startedAt: now + 1 }, now + 2)).toEqual(ready);
});

test("one trouble of the upstream is nothing, two in a row make requests go one at a time, and rests stay short", () => {
  expect(openAt(after(ready, troubled()))).toBe(0);
  const twice = after(ready, troubled(), troubled());
  expect(twice).toMatchObject({ kind: "half-open" });
  expect(openAt(twice)).toBe(0);
  let state: PoolState = twice;
  for (let time = now, count = 0; count < 100; count += 1) {
    time = Math.max(time + second, openAt(state));
    state = transition(transition(state, { type: "taken" }, time), troubled(time), time);
    expect(openAt(state) - time).toBeLessThanOrEqual(minute);
  }
  expect(after(ready, troubled(), { type: "succeeded", startedAt: now }, troubled())).toMatchObject({ kind: "ready" });
});

test.each(["ready", "cooling", "half-open", "needs-login"])(
  "a released request changes nothing of one that is %s",
  (kind) => {
    const states: Record<string, PoolState> = {
      ready,
      cooling: transition(ready, limited(now + hour), now),
      "half-open": settle(transition(ready, limited(undefined), now), now + minute),
      "needs-login": transition(ready, { type: "refused", why: "no", startedAt: now }, now),
    };
    const state = states[kind] ?? ready;
    expect(state.kind).toBe(kind);
    const at = now + minute;
    expect(transition(state, { type: "released", startedAt: at }, at)).toEqual(settle(state, at));
  },
);

test("a refused credential waits for a new one, and is looked at again now and then", () => {
  const refused = transition(ready, { type: "refused", why: "401", startedAt: now }, now);
  expect(refused).toMatchObject({ kind: "needs-login", why: "401", until: now + minute });
  expect(transition(refused, { type: "renewed" }, now + 1)).toEqual(ready);
  expect(settle(refused, now + minute)).toMatchObject({ kind: "half-open" });
  const again = transition(refused, { type: "refused", why: "401", startedAt: now + minute }, now + minute);
  expect(again).toMatchObject({ kind: "needs-login", until: now + 3 * minute });
});

test("what its upstream forbids is disabled for a while; what its owner switched off stays so, whatever happens", () => {
  const forbidden = transition(ready, { type: "forbidden", why: "403", startedAt: now }, now);
  expect(forbidden).toMatchObject({ kind: "disabled", until: now + minute });
  const off = transition(forbidden, { type: "switched-off", why: "mine" }, now);
  expect(openAt(settle(off, now + 100 * 24 * hour))).toBe(Number.POSITIVE_INFINITY);
  const startedAt = now + second;
  const signals: PoolSignal[] = [
    { type: "taken" },
    { type: "succeeded", startedAt },
    { type: "released", startedAt },
    limited(now + hour),
    troubled(startedAt),
    { type: "refused", why: "401", startedAt },
    { type: "renewed" },
    { type: "replenished", startedAt },
  ];
  for (const signal of signals) expect(transition(off, signal, startedAt)).toBe(off);
  expect(transition(off, { type: "switched-on" }, startedAt)).toEqual(ready);
});

test("figures that say a limit is not reached end its rest, older ones do not, and no other rest", () => {
  const cooling = transition(ready, limited(now + hour), now);
  expect(transition(cooling, { type: "replenished", startedAt: now + 1 }, now + 2)).toEqual(ready);
  expect(transition(cooling, { type: "replenished", startedAt: now - 1 }, now + 2)).toBe(cooling);
  const rate = transition(ready, { type: "limited", why: "rate-limit", until: now + hour, startedAt: now }, now);
  expect(transition(rate, { type: "replenished", startedAt: now + 1 }, now + 2)).toBe(rate);
});

test("a clock that is set back makes no rest longer than it was", () => {
  const earlier = now - 30 * 24 * hour;
  const states = [
    transition(ready, limited(now + hour), now),
    transition(ready, { type: "refused", why: "401", startedAt: now }, now),
    transition(ready, { type: "forbidden", why: "403", startedAt: now }, now),
    transition(settle(transition(ready, limited(undefined), now - minute), now), { type: "taken" }, now),
  ];
  for (const state of states) expect(openAt(settle(state, earlier))).toBeLessThanOrEqual(earlier + hour);
});
