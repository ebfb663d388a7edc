import { RouterError, type Runtime } from "@turnout/core";
import { z } from "zod";

import type { AccountChange, AccountRecord, AccountTable, Mark, NewAccount } from "./account-store.ts";
import type { CredentialTable } from "./credentials.ts";
import type { Database, SqlValue } from "./database.ts";

const text = z.string().nullable();
const time = z.number().nullable();

function markOf(reason: string | null, at: number | null): Mark | undefined {
  return reason === null ? undefined : { reason, at: at ?? 0 };
}

const rowSchema = z
  .object({
    id: z.string(),
    provider: z.string(),
    label: z.string(),
    kind: z.enum(["api-key", "oauth"]),
    origin: z.enum(["login", "import", "config"]),
    account_id: text,
    user_id: text,
    email: text,
    plan: text,
    flow: text,
    client_id: text,
    created_at: z.number(),
    priority: z.number(),
    weight: z.number(),
    disabled_reason: text,
    disabled_at: time,
    needs_login_reason: text,
    needs_login_at: time,
    expires_at: time,
    refreshed_at: time,
    refreshable: z.number(),
  })
  .transform((row): AccountRecord => ({
    id: row.id,
    provider: row.provider,
    label: row.label,
    kind: row.kind,
    origin: row.origin,
    accountId: row.account_id ?? undefined,
    userId: row.user_id ?? undefined,
    email: row.email ?? undefined,
    plan: row.plan ?? undefined,
    flow: row.flow ?? undefined,
    clientId: row.client_id ?? undefined,
    createdAt: row.created_at,
    priority: row.priority,
    weight: row.weight,
    disabled: markOf(row.disabled_reason, row.disabled_at),
    needsLogin: markOf(row.needs_login_reason, row.needs_login_at),
    expiresAt: row.expires_at ?? undefined,
    refreshedAt: row.refreshed_at ?? undefined,
    refreshable: row.refreshable === 1,
  }));

const select = `
  SELECT accounts.*, expires_at, refreshed_at, refresh_token IS NOT NULL AS refreshable
  FROM accounts JOIN credentials ON credentials.account = accounts.id`;
const inOrder = "ORDER BY accounts.created_at, accounts.rowid";

/** Two labels that look alike are one. */
export function labelKey(label: string): string {
  return label.normalize("NFKC").trim().toLowerCase();
}

const maxLabelLength = 64;

function checkLabel(label: string): string {
  const clean = label.normalize("NFC").trim();
  // Control characters would spoil tables and logs.
  if (clean.length === 0 || clean.length > maxLabelLength || /\p{C}/u.test(clean)) {
    throw new RouterError(
      "config-invalid",
      `Cannot use the label given: it must be 1 to ${maxLabelLength} characters that can be printed`,
      { path: "label" },
    );
  }
  return clean;
}

/** Columns of the changes that stand for themselves. */
const plainColumns = [
  ["priority", "priority"],
  ["weight", "weight"],
  ["plan", "plan"],
  ["email", "email"],
  ["accountId", "account_id"],
  ["userId", "user_id"],
] as const;

export interface AccountTableParts {
  readonly database: Database;
  readonly credentials: CredentialTable;
  readonly runtime: Runtime;
  /** Called within a transaction that changes an account. */
  readonly onChange: () => void;
}

export function createAccountTable({ database, credentials, runtime, onChange }: AccountTableParts): AccountTable {
  const now = () => Math.trunc(runtime.now());
  const get = (id: string) => database.first(rowSchema, `${select} WHERE accounts.id = ?`, id);
  const find = (provider: string, label: string) =>
    database.first(rowSchema, `${select} WHERE provider = ? AND label_key = ?`, provider, labelKey(label));

  function refuseTaken(provider: string, label: string, id?: string): void {
    const other = find(provider, label);
    if (other === undefined || other.id === id) return;
    throw new RouterError(
      "config-invalid",
      `Cannot call an account of ${provider} "${label}": another one has that label; choose another, or rename that one`,
      { path: "label" },
    );
  }

  function freeLabel(provider: string, wish: string): string {
    for (let count = 1; ; count += 1) {
      const label = count === 1 ? wish : `${wish} ${count}`;
      if (find(provider, label) === undefined) return label;
    }
  }

  function chooseLabel(account: NewAccount, id: string): string {
    if (account.label === undefined) {
      return freeLabel(account.provider, checkLabel((account.email ?? id).slice(0, maxLabelLength - 8)));
    }
    const label = checkLabel(account.label);
    refuseTaken(account.provider, label);
    return label;
  }

  function existing(id: string): AccountRecord {
    const account = get(id);
    if (account !== undefined) return account;
    throw new RouterError("config-invalid", `Cannot change account ${id}: there is no such account`, {});
  }

  function set(id: string, column: string, value: SqlValue): void {
    database.run(`UPDATE accounts SET ${column} = ? WHERE id = ?`, value, id);
  }

  function setMark(id: string, column: "disabled" | "needs_login", reason: string | null): void {
    set(id, `${column}_reason`, reason);
    set(id, `${column}_at`, reason === null ? null : now());
  }

  function apply(account: AccountRecord, change: AccountChange): void {
    const { id } = account;
    if (change.label !== undefined) {
      const label = checkLabel(change.label);
      refuseTaken(account.provider, label, id);
      set(id, "label", label);
      set(id, "label_key", labelKey(label));
    }
    for (const [key, column] of plainColumns) {
      const value = change[key];
      if (value !== undefined) set(id, column, value);
    }
    if (change.disabled !== undefined) setMark(id, "disabled", change.disabled);
    if (change.needsLogin !== undefined) setMark(id, "needs_login", change.needsLogin);
  }

  return {
    get,
    find,
    list: (provider) =>
      provider === undefined
        ? database.all(rowSchema, `${select} ${inOrder}`)
        : database.all(rowSchema, `${select} WHERE provider = ? ${inOrder}`, provider),
    findLogin(provider, { accountId, userId }) {
      // Several people of one workspace share an account id, and one person may be in several workspaces.
      if (accountId === undefined && userId === undefined) return undefined;
      return database.first(
        rowSchema,
        `${select} WHERE provider = ? AND kind = 'oauth' AND account_id IS ? AND user_id IS ? ${inOrder}`,
        provider,
        accountId ?? null,
        userId ?? null,
      );
    },
    add: (account) =>
      database.transaction(() => {
        const id = `acc_${runtime.uuid().replaceAll("-", "").slice(0, 12)}`;
        const label = chooseLabel(account, id);
        database.run(
          `INSERT INTO accounts (id, provider, label, label_key, kind, origin, account_id, user_id, email, plan, flow, client_id,
             created_at, priority, weight)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          id,
          account.provider,
          label,
          labelKey(label),
          account.kind,
          account.origin,
          account.accountId ?? null,
          account.userId ?? null,
          account.email ?? null,
          account.plan ?? null,
          account.flow ?? null,
          account.clientId ?? null,
          now(),
          account.priority ?? 0,
          account.weight ?? 1,
        );
        credentials.renew(id, account.secrets);
        return existing(id);
      }, "durable"),
    update: (id, change) =>
      database.transaction(() => {
        apply(existing(id), change);
        onChange();
        return existing(id);
      }, "durable"),
    remove: (id) =>
      database.transaction(() => {
        onChange();
        database.run("DELETE FROM limits WHERE account_key = ?", id);
        database.run("DELETE FROM rotations WHERE subject = ?", id);
        return database.run("DELETE FROM accounts WHERE id = ?", id) > 0;
      }, "durable"),
  };
}
