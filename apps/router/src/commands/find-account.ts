import type { AccountRecord, AccountStore } from "@turnout/auth";
import { RouterError } from "@turnout/core";
import { nearest } from "../config/known-keys.ts";

/**
 * The stored account somebody means by its id, its label, or `provider/label`.
 *
 * @throws {RouterError} `config-invalid` when there is none, with the nearest label, or when several share the label.
 */
export function findAccount(store: Pick<AccountStore, "accounts">, wanted: string): AccountRecord {
  const all = store.accounts.list();
  const name = wanted.toLowerCase();
  const found = all.filter(
    ({ id, label, provider }) =>
      id === wanted || label.toLowerCase() === name || `${provider}/${label}`.toLowerCase() === name,
  );
  const [only, second] = found;
  if (only !== undefined && second === undefined) return only;
  throw new RouterError("config-invalid", `Cannot find account "${wanted}": ${reason(found, all, wanted)}`, {});
}

function reason(found: readonly AccountRecord[], all: readonly AccountRecord[], wanted: string): string {
  if (found.length > 1) {
    return `several have that label; say which: ${found.map(({ provider, label }) => `${provider}/${label}`).join(", ")}`;
  }
  if (all.length === 0) return "there are none; `turnout login codex` makes one";
  const near = nearest(
    wanted,
    all.map(({ label }) => label),
  );
  return near === undefined ? "`turnout accounts` lists them" : `did you mean "${near}"?`;
}
