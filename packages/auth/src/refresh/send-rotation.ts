import { RouterError, type Runtime } from "@turnout/core";
import { z } from "zod";

import type { AccountStore } from "../store/account-store.ts";
import { fingerprint } from "../tokens/codex-login.ts";
import { requestTokenRefresh, type TokenReply, type TokenRequestOptions } from "./token-refresh.ts";

/** A refresh token that is to be sent, and who may do so. */
export interface RotationOrder {
  /** The account, or the name of an auth.json. */
  readonly subject: string;
  /** Of the lease of that subject. */
  readonly owner: string;
  readonly refreshToken: string;
  readonly token: TokenRequestOptions;
}

/**
 * What became of a refresh token:
 * - `answered`: the journal has the issuer's words.
 * - `unsent`: it did not leave, and is as good as before.
 * - `unanswered`: it may be spent.
 * - `superseded`: another process has taken over; nothing was sent.
 */
export const sendOutcomeSchema = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("answered") }),
  z.object({ outcome: z.literal("unsent"), reason: z.string() }),
  z.object({ outcome: z.literal("unanswered"), reason: z.string() }),
  z.object({ outcome: z.literal("superseded") }),
]);
export type SendOutcome = z.output<typeof sendOutcomeSchema>;

/** Sends a refresh token and gets the answer into the journal. */
export type RotationSender = (order: RotationOrder) => Promise<SendOutcome>;

export type JournalStore = Pick<AccountStore, "rotations">;

/** An answer is worth a wait: without it the login is lost. */
const maxKeepTries = 60;
const keepPauseMs = 500;
const longestKeepPauseMs = 15_000;

/** Puts an answer into the journal, with patience for a disk that is full or a database that is locked: about a quarter of an hour. */
async function keepAnswer(
  store: JournalStore,
  order: RotationOrder,
  reply: TokenReply,
  runtime: Runtime,
): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      store.rotations.answer(order.subject, fingerprint(order.refreshToken), JSON.stringify(reply));
      return;
    } catch (error) {
      if (!RouterError.is(error) || error.code !== "store-unavailable" || attempt === maxKeepTries) throw error;
      await runtime.sleep(Math.min(keepPauseMs * 2 ** attempt, longestKeepPauseMs));
    }
  }
}

function wasSent(error: RouterError): boolean {
  return !(RouterError.is(error) && error.code === "upstream-unavailable" && !error.details.requestSent);
}

/**
 * One attempt: on record, sent, answer on record. What the answer means is decided by whoever holds the lease, so that a crash
 * at any moment leaves it for the next holder.
 *
 * @throws {RouterError} `store-unavailable` when the attempt cannot be put on record (nothing is sent then), or the answer
 *   cannot for a quarter of an hour.
 */
export async function sendRotation(store: JournalStore, order: RotationOrder, runtime: Runtime): Promise<SendOutcome> {
  const { subject, owner, refreshToken } = order;
  const token = fingerprint(refreshToken);
  if (!store.rotations.begin(subject, token, owner, runtime.now())) return { outcome: "superseded" };
  let reply;
  try {
    reply = await requestTokenRefresh(refreshToken, order.token, runtime);
  } catch (error) {
    if (!RouterError.is(error)) throw error;
    if (wasSent(error)) return { outcome: "unanswered", reason: error.message };
    store.rotations.withdraw(subject, token);
    return { outcome: "unsent", reason: error.message };
  }
  await keepAnswer(store, order, reply, runtime);
  return { outcome: "answered" };
}
