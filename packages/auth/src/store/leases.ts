import { hostname } from "node:os";

import { z } from "zod";

import type { Database } from "./database.ts";

/** Who holds a lease. */
export interface LeaseHolder {
  /** Unique per holder, for example a UUID. */
  readonly owner: string;
  /** One more at every sign of life. A waiter that sees no change for long knows, by its own clock, that the holder is gone. */
  readonly beat: number;
  /** Process and host, so that a dead process is recognised at once. */
  readonly pid: number;
  readonly host: string;
}

/** Who may do something that only one process at a time may do. A lease has no end of its own: clocks jump. */
export interface LeaseTable {
  /**
   * Takes a lease that nobody holds, or takes it from `gone`, unless that holder has given a sign of life meanwhile.
   *
   * @returns True when `owner` holds it now; false while another one does.
   */
  take(name: string, owner: string, gone?: LeaseHolder): boolean;
  holder(name: string): LeaseHolder | undefined;
  /** A sign of life. @returns False when the lease is not `owner`'s any more. */
  beat(name: string, owner: string): boolean;
  /** A sign of life that makes this process the one that holds the lease for `owner`; returns as `beat`. */
  adopt(name: string, owner: string): boolean;
  /** Nothing happens when it is not `owner`'s any more, or when another process has adopted it. */
  release(name: string, owner: string): void;
}

const rowSchema = z.object({ owner: z.string(), beat: z.int(), pid: z.int(), host: z.string() });

export function createLeaseTable(database: Database, host: string = hostname()): LeaseTable {
  const holder = (name: string) =>
    database.first(rowSchema, "SELECT owner, beat, pid, host FROM leases WHERE name = ?", name);

  function isGone(current: LeaseHolder, gone: LeaseHolder | undefined): boolean {
    return gone !== undefined && current.owner === gone.owner && current.beat === gone.beat;
  }

  return {
    holder,
    take: (name, owner, gone) =>
      database.transaction(() => {
        const current = holder(name);
        if (current !== undefined && current.owner !== owner && !isGone(current, gone)) return false;
        database.run(
          `INSERT INTO leases (name, owner, beat, pid, host) VALUES (?, ?, 1, ?, ?)
           ON CONFLICT DO UPDATE SET owner = excluded.owner, beat = beat + 1, pid = excluded.pid, host = excluded.host`,
          name,
          owner,
          process.pid,
          host,
        );
        return true;
      }),
    adopt: (name, owner) =>
      database.run(
        "UPDATE leases SET beat = beat + 1, pid = ?, host = ? WHERE name = ? AND owner = ?",
        process.pid,
        host,
        name,
        owner,
      ) > 0,
    beat: (name, owner) =>
      database.run("UPDATE leases SET beat = beat + 1 WHERE name = ? AND owner = ?", name, owner) > 0,
    release: (name, owner) => {
      database.run(
        "DELETE FROM leases WHERE name = ? AND owner = ? AND pid = ? AND host = ?",
        name,
        owner,
        process.pid,
        host,
      );
    },
  };
}
