import { readdir, unlink } from "node:fs/promises";
import { join } from "node:path";

import { RouterError } from "@turnout/core";

import { errorCode, readSmallFile } from "../library/files.ts";
import type { AccountStore } from "../store/account-store.ts";
import { decodeRecord } from "./saved-login.ts";

const maxRecordBytes = 1024 * 1024;
const namePattern = /^(acc_[0-9a-f]{12})\.json$/u;

/**
 * Moves logins that an earlier turnout has saved in `<data>/credentials/acc_….json` into the store. A file goes once its content is
 * safe there; one that cannot be read stays, and is told of.
 *
 * @throws {RouterError} `store-unavailable`.
 */
export async function adoptSavedLogins(
  store: AccountStore,
  dataDirectory: string,
  onWarning: (warning: RouterError) => void,
): Promise<void> {
  const folder = join(dataDirectory, "credentials");
  for (const file of await listFiles(folder)) {
    const name = namePattern.exec(file)?.[1];
    if (name === undefined) continue;
    const path = join(folder, file);
    try {
      const text = await readSmallFile(path, maxRecordBytes);
      if (decodeRecord(text) === undefined) throw new RouterError("internal", "it is damaged", {});
      // Written before, and the file only could not be removed: what is in the store is newer.
      if (store.authFiles.read(name) === undefined) store.authFiles.write(name, text);
      await unlink(path);
    } catch (error) {
      if (RouterError.is(error) && error.code === "store-unavailable") throw error;
      const reason = RouterError.is(error) ? error.message : (errorCode(error) ?? "unknown failure");
      onWarning(
        new RouterError("credential-unavailable", `Cannot take over saved login ${path}: ${reason}`, {
          provider: "codex",
        }),
      );
    }
  }
}

async function listFiles(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw new RouterError("store-unavailable", `Cannot read ${folder}: ${errorCode(error) ?? "unknown failure"}`, {
      reason: "denied",
    });
  }
}
