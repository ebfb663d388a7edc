import { z } from "zod";

import type { Database } from "./database.ts";
import type { LeaseTable } from "./leases.ts";
import type { Seal } from "./seal.ts";
import { storeUnavailable } from "./store-failure.ts";

/**
 * The journal of a rotation. A refresh token works once, so what becomes of it is on disk before and after it is sent.
 */
export interface Rotation {
  /** Fingerprint of the refresh token that was sent. */
  readonly token: string;
  /** How often it has been sent since the journal was opened. */
  readonly attempts: number;
  /** Of the latest attempt, milliseconds since the epoch. */
  readonly at: number;
  /**
   * What the issuer said, as it came; what it means is decided elsewhere. Undefined when that is not known: the token may
   * be spent, and its successor lost.
   */
  readonly answer: string | undefined;
}

export interface RotationTable {
  read(subject: string): Rotation | undefined;
  /**
   * Records that a token is about to be sent, provided that the lease of `subject` is `owner`'s, and makes this process its
   * holder. On disk, synced, when it returns.
   *
   * @param token - Its fingerprint.
   * @returns False, with nothing written, when the lease is another's by now, or when there is an answer already.
   */
  begin(subject: string, token: string, owner: string, at: number): boolean;
  /** Takes the latest attempt back: it surely did not spend the token. */
  withdraw(subject: string, token: string): void;
  /** Keeps an answer. On disk, synced, when it returns. */
  answer(subject: string, token: string, answer: string): void;
  /** Forgets an answer that nothing can be made of; whether the token is spent is not known then. */
  discard(subject: string, token: string): void;
  end(subject: string): void;
}

const rowSchema = z.object({
  token: z.string(),
  attempts: z.int(),
  at: z.number(),
  answer: z.instanceof(Uint8Array).nullable(),
});

/** The lease that goes with the rotations of a subject. */
export function leaseOf(subject: string): string {
  return `rotation ${subject}`;
}

export function createRotationTable(database: Database, seal: Seal, leases: LeaseTable): RotationTable {
  function read(subject: string): Rotation | undefined {
    const row = database.first(rowSchema, "SELECT * FROM rotations WHERE subject = ?", subject);
    if (row === undefined) return undefined;
    const answer = row.answer === null ? undefined : seal.open(row.answer, ["rotation", subject, row.token]);
    if (row.answer !== null && answer === undefined) {
      throw storeUnavailable("damaged", `Cannot decrypt the refreshed tokens of ${subject} in ${database.path}`);
    }
    return { ...row, answer };
  }

  return {
    read,
    begin: (subject, token, owner, at) =>
      database.transaction(() => {
        if (!leases.adopt(leaseOf(subject), owner)) return false;
        const known = read(subject);
        const isSame = known?.token === token;
        if (isSame && known.answer !== undefined) return false;
        database.run(
          `INSERT INTO rotations (subject, token, attempts, at) VALUES (?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET token = excluded.token, attempts = excluded.attempts, at = excluded.at, answer = NULL`,
          subject,
          token,
          isSame ? known.attempts + 1 : 1,
          Math.trunc(at),
        );
        return true;
      }, "durable"),
    withdraw: (subject, token) =>
      database.transaction(() => {
        // An earlier attempt whose fate is not known stays on record.
        const known = read(subject);
        if (known?.token !== token) return;
        if (known.attempts === 1) database.run("DELETE FROM rotations WHERE subject = ?", subject);
        else database.run("UPDATE rotations SET attempts = attempts - 1, answer = NULL WHERE subject = ?", subject);
      }),
    answer: (subject, token, answer) =>
      database.transaction(() => {
        database.run(
          "UPDATE rotations SET answer = ? WHERE subject = ? AND token = ?",
          seal.close(answer, ["rotation", subject, token]),
          subject,
          token,
        );
      }, "durable"),
    discard: (subject, token) => {
      database.run("UPDATE rotations SET answer = NULL WHERE subject = ? AND token = ?", subject, token);
    },
    end: (subject) => {
      database.run("DELETE FROM rotations WHERE subject = ?", subject);
    },
  };
}
