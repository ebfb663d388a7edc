import type { RouterError, Runtime } from "@turnout/core";
import { z } from "zod";

import { parseJson } from "../library/parse-json.ts";
import type { AccountStore } from "../store/account-store.ts";
import { leaseOf } from "../store/rotations.ts";
import { fingerprint, type RefreshedTokens } from "../tokens/codex-login.ts";
import type { RotationOrder, RotationSender } from "./send-rotation.ts";
import { readTokenRefreshResponse, type TokenRefreshResult } from "./token-refresh.ts";
import { withLease } from "./with-lease.ts";

/** Longer than one refresh with all its tries takes another process. */
const maxLeaseWaitMs = 120_000;
const maxTries = 3;
const firstPauseMs = 1_000;

/** What came of a rotation. What it brings must be stored before it is used, and that ends the rotation. */
export type RotationResult =
  | { readonly outcome: "refreshed"; readonly tokens: RefreshedTokens }
  /**
   * This refresh token will never work again. `lostAt`: an earlier request with it had no answer, which explains that it is
   * spent (milliseconds since the epoch).
   */
  | { readonly outcome: "refused"; readonly code: string; readonly lostAt: number | undefined }
  /** Another try may work. */
  | { readonly outcome: "failed"; readonly reason: string }
  /** Another process has taken over: the store has what it got. */
  | { readonly outcome: "superseded" };

/** Why a refresh token was refused, for a message: the code, and what explains it. */
export function describeRefusal({ code, lostAt }: Extract<RotationResult, { outcome: "refused" }>): string {
  if (lostAt === undefined) return code;
  return `${code}; a request at ${new Date(lostAt).toISOString()} had no answer, and has spent it it seems`;
}

/** How often a refresh begins anew after another process has taken over. */
const maxTurns = 3;

/**
 * Refreshes as the only process that does, beginning anew while others take over.
 *
 * @param refresh - Gives undefined when another process has taken over, whose result is not there yet.
 * @returns Undefined when it does not come to an end.
 */
export async function refreshInTurn<T>(
  rotator: Pick<Rotator, "locked">,
  subject: string,
  refresh: (owner: string) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let turn = 0; turn < maxTurns; turn += 1) {
    const done = await rotator.locked(subject, refresh);
    if (done === undefined || done.value !== undefined) return done?.value;
  }
  return undefined;
}

/**
 * Where a rotation is: `leased` by this process, about to be `sending`, `answered` in the journal, `applied`: the new tokens are
 * stored.
 */
export type RotationStep = "leased" | "sending" | "answered" | "applied";

export interface RotatorOptions {
  readonly store: AccountStore;
  readonly runtime: Runtime;
  readonly send: RotationSender;
  /** Aborted, with a {RouterError}, when the process stops: nothing new begins, and nobody waits for a turn any more. */
  readonly stopping: AbortSignal;
  readonly onWarning: (warning: RouterError) => void;
  /** Told of every step, for tests that end the process there. Default: nobody. */
  readonly onStep?: (step: RotationStep, subject: string) => void;
}

export interface RotateOptions {
  /**
   * The old access token still works: one try, and none at all with a refresh token that may be spent, since issuers answer a
   * second use by ending all tokens of a login. Default false: three tries.
   */
  readonly patient?: boolean;
}

/** Exchanges refresh tokens so that each is sent by one process at a time, and no answer is lost with the process that asked. */
export interface Rotator {
  /**
   * Does `work` while no other process rotates this subject.
   *
   * @returns Undefined when another one holds the lease for 2 minutes.
   * @throws {RouterError} `shutting-down` when the process stops.
   */
  locked<T>(subject: string, work: (owner: string) => Promise<T>): Promise<{ readonly value: T } | undefined>;
  /**
   * Exchanges a refresh token; within `locked`, by its owner. An answer that a process before us has received and not used
   * is taken instead of asking.
   *
   * @throws {RouterError} `store-unavailable`; nothing has been sent then, or the answer is kept for the next call.
   */
  rotate(order: RotationOrder, options?: RotateOptions): Promise<RotationResult>;
  /** To be told when the tokens of a rotation are stored. */
  applied(subject: string): void;
}

const replySchema = z.object({ status: z.int(), body: z.string() });

function understand(answer: string): TokenRefreshResult & { readonly spent: boolean } {
  const reply = replySchema.safeParse(parseJson(answer));
  if (!reply.success) return { outcome: "failed", reason: "an answer that cannot be read", spent: true };
  const result = readTokenRefreshResponse(reply.data);
  // An issuer that says "not now" has not taken the token; one that says yes in words we cannot read may have.
  return { ...result, spent: reply.data.status >= 200 && reply.data.status < 300 };
}

export function createRotator(options: RotatorOptions): Rotator {
  const { store, runtime, stopping, onWarning } = options;
  const step = options.onStep ?? (() => {});

  /** The journal of this very token. */
  function journalOf({ subject, refreshToken }: RotationOrder) {
    const known = store.rotations.read(subject);
    return known?.token === fingerprint(refreshToken) ? known : undefined;
  }

  function settle(order: RotationOrder, answer: string, lostAt: number | undefined): RotationResult {
    const { spent, ...result } = understand(answer);
    const token = fingerprint(order.refreshToken);
    switch (result.outcome) {
      case "refreshed":
        return result;
      case "refused":
        return { ...result, lostAt };
      case "failed":
        if (spent) store.rotations.discard(order.subject, token);
        else store.rotations.withdraw(order.subject, token);
        return result;
    }
  }

  async function attempt(order: RotationOrder, lostAt: number | undefined): Promise<RotationResult> {
    step("sending", order.subject);
    const sent = await options.send(order);
    if (sent.outcome === "superseded") return sent;
    if (sent.outcome !== "answered") return { outcome: "failed", reason: sent.reason };
    // The sender may have been another process.
    if (!store.leases.adopt(leaseOf(order.subject), order.owner)) return { outcome: "superseded" };
    step("answered", order.subject);
    const answer = journalOf(order)?.answer;
    return answer === undefined ? { outcome: "superseded" } : settle(order, answer, lostAt);
  }

  async function proceed(order: RotationOrder, patient: boolean): Promise<RotationResult> {
    const known = journalOf(order);
    if (known === undefined) return attempt(order, undefined);
    if (known.answer !== undefined) return settle(order, known.answer, undefined);
    if (!patient) return attempt(order, known.at);
    const when = new Date(known.at).toISOString();
    const reason = `a request at ${when} had no answer; the next one is made when its access token ends`;
    return { outcome: "failed", reason };
  }

  return {
    async locked(subject, work) {
      stopping.throwIfAborted();
      const lease = { leases: store.leases, runtime, maxWaitMs: maxLeaseWaitMs, signal: stopping, onWarning };
      return withLease(leaseOf(subject), lease, (owner) => {
        step("leased", subject);
        return work(owner);
      });
    },
    async rotate(order, { patient = false } = {}) {
      for (let count = 1; ; count += 1) {
        const result = await proceed(order, patient);
        if (result.outcome !== "failed" || patient || count === maxTries) return result;
        await runtime.sleep(firstPauseMs * 2 ** (count - 1) * (1 + runtime.random() / 2), stopping);
      }
    },
    applied: (subject) => step("applied", subject),
  };
}
