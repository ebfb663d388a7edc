import type { Runtime } from "@turnout/core";

/** Spaces the dials of an account: a burst at once, then one at a time. */
export interface DialGate {
  /** @returns Milliseconds until a dial is let through; 0 lets this one through and counts it. */
  take(accountKey: string): number;
}

interface Bucket {
  dials: number;
  at: number;
}

/** Accounts remembered; one that has not dialled for long has a full bucket anyway. */
const maxAccounts = 1_000;

/** A token bucket for each account. */
export function createDialGate(
  runtime: Pick<Runtime, "monotonic">,
  limits: { readonly dialBurst: number; readonly dialSpacingMs: number },
): DialGate {
  const { dialBurst, dialSpacingMs } = limits;
  const buckets = new Map<string, Bucket>();
  return {
    take: (accountKey) => {
      if (dialSpacingMs === 0) return 0;
      const now = runtime.monotonic();
      const bucket = buckets.get(accountKey) ?? { dials: dialBurst, at: now };
      const dials = Math.min(dialBurst, bucket.dials + (now - bucket.at) / dialSpacingMs);
      const isOpen = dials >= 1;
      buckets.delete(accountKey);
      buckets.set(accountKey, { dials: isOpen ? dials - 1 : dials, at: now });
      const oldest = buckets.keys().next().value;
      if (buckets.size > maxAccounts && oldest !== undefined) buckets.delete(oldest);
      return isOpen ? 0 : Math.ceil((1 - dials) * dialSpacingMs);
    },
  };
}
