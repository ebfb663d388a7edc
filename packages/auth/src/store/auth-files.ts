import { z } from "zod";

import type { Database } from "./database.ts";
import type { Seal } from "./seal.ts";
import { storeUnavailable } from "./store-failure.ts";

/** What the store keeps for the auth.json files that the config names: text, by a name that follows from the path. */
export interface AuthFileTable {
  /** @throws {RouterError} `store-unavailable` with reason `damaged` when it cannot be decrypted. */
  read(name: string): string | undefined;
  /** On disk, synced, when it returns. Ends the rotation of that name too. */
  write(name: string, record: string): void;
}

const rowSchema = z.object({ generation: z.int(), record: z.instanceof(Uint8Array) });

export function createAuthFileTable(database: Database, seal: Seal): AuthFileTable {
  const row = (name: string) =>
    database.first(rowSchema, "SELECT generation, record FROM auth_files WHERE name = ?", name);
  return {
    read(name) {
      const found = row(name);
      if (found === undefined) return undefined;
      const text = seal.open(found.record, ["auth-file", name, found.generation]);
      if (text !== undefined) return text;
      throw storeUnavailable("damaged", `Cannot decrypt the saved login ${name} in ${database.path}: it is damaged`);
    },
    write: (name, record) =>
      database.transaction(() => {
        const generation = (row(name)?.generation ?? 0) + 1;
        database.run(
          `INSERT INTO auth_files (name, generation, record) VALUES (?, ?, ?)
           ON CONFLICT DO UPDATE SET generation = excluded.generation, record = excluded.record`,
          name,
          generation,
          seal.close(record, ["auth-file", name, generation]),
        );
        database.run("DELETE FROM rotations WHERE subject = ?", name);
      }, "durable"),
  };
}
