import type { ClientKeyTable } from "./client-keys.ts";
import type { CredentialTable, NewSecrets } from "./credentials.ts";
import type { LeaseTable } from "./leases.ts";
import type { AuthFileTable } from "./auth-files.ts";
import type { LimitTable } from "./limits.ts";
import type { RotationTable } from "./rotations.ts";

export type AccountKind = "api-key" | "oauth";

/** `login`: by `turnout login`. `import`: taken over from another program. `config`: behind an account of the config file. */
export type AccountOrigin = "login" | "import" | "config";

/** Why something is so, and since when. */
export interface Mark {
  /** For people, without a secret. */
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What the store knows of an account, without its secrets. A snapshot: it does not change by itself. */
export interface AccountRecord {
  /** `acc_` and 12 hexadecimal digits; never changes, and is the `key` of the account in pools, limits and logs. */
  readonly id: string;
  readonly provider: string;
  /** For people; unique within the provider, without regard to case. */
  readonly label: string;
  readonly kind: AccountKind;
  readonly origin: AccountOrigin;
  /** The upstream's own id of the account (of the workspace, for ChatGPT). */
  readonly accountId: string | undefined;
  readonly userId: string | undefined;
  readonly email: string | undefined;
  /** As the upstream says it, for example `plus`. */
  readonly plan: string | undefined;
  /** Name of the login flow it came from, for plugins that declare several. */
  readonly flow: string | undefined;
  /** The client its tokens were issued to, when that is not the one the plugin declares. */
  readonly clientId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Higher is used first. Default 0. */
  readonly priority: number;
  /** Share among accounts of one priority, above 0. Default 1. */
  readonly weight: number;
  /** Switched off by its owner. */
  readonly disabled: Mark | undefined;
  /** Its refresh token will never work again; only a new login helps. */
  readonly needsLogin: Mark | undefined;
  /** When its access token ends, milliseconds since the epoch; undefined when unknown, and for API keys. */
  readonly expiresAt: number | undefined;
  /** When its access token was issued, milliseconds since the epoch. */
  readonly refreshedAt: number | undefined;
  /** Whether it has a refresh token. */
  readonly refreshable: boolean;
}

export interface NewAccount {
  readonly provider: string;
  readonly kind: AccountKind;
  readonly origin: AccountOrigin;
  /** Default: the email, else the id. When a default is taken, ` 2`, ` 3`, … is added. */
  readonly label?: string;
  readonly accountId?: string;
  readonly userId?: string;
  readonly email?: string;
  readonly plan?: string;
  readonly flow?: string;
  readonly clientId?: string;
  readonly priority?: number;
  readonly weight?: number;
  readonly secrets: NewSecrets;
}

/** What may change after an account was made; `null` takes a mark or a value away. */
export interface AccountChange {
  readonly label?: string;
  readonly priority?: number;
  readonly weight?: number;
  readonly plan?: string | null;
  readonly email?: string | null;
  readonly accountId?: string | null;
  readonly userId?: string | null;
  /** The reason; the time is now. */
  readonly disabled?: string | null;
  readonly needsLogin?: string | null;
}

export interface AccountTable {
  /** Oldest first. */
  list(provider?: string): AccountRecord[];
  /** By id; undefined when there is none (any more). */
  get(id: string): AccountRecord | undefined;
  /** By label within a provider, without regard to case. */
  find(provider: string, label: string): AccountRecord | undefined;
  /**
   * The account that is the same person in the same workspace as a login just made: logging in again renews it instead of
   * making a second one.
   */
  findLogin(
    provider: string,
    login: { readonly accountId?: string; readonly userId?: string },
  ): AccountRecord | undefined;
  /**
   * @throws {RouterError} `config-invalid` when the label is taken.
   */
  add(account: NewAccount): AccountRecord;
  /**
   * @returns The account as it is now.
   * @throws {RouterError} `config-invalid` when there is no such account, or when the label is taken.
   */
  update(id: string, change: AccountChange): AccountRecord;
  /** Forgets an account with its credential and its limits. Tokens are not revoked. Returns false when there was none. */
  remove(id: string): boolean;
}

/**
 * Everything about accounts that outlives the process: SQLite in `<data>/turnout.db`, secrets encrypted. Calls are synchronous
 * (some 10 µs) and safe with several processes at once; each is one transaction.
 *
 * Every method throws {RouterError} `store-unavailable` when the database cannot be used; its `reason` says why.
 *
 * @see openAccountStore
 */
export interface AccountStore {
  readonly path: string;
  readonly accounts: AccountTable;
  readonly credentials: CredentialTable;
  readonly limits: LimitTable;
  readonly clientKeys: ClientKeyTable;
  /** For rotations: see docs/decisions. */
  readonly leases: LeaseTable;
  readonly rotations: RotationTable;
  readonly authFiles: AuthFileTable;
  /** The key, for a process that is started to help this one. */
  readonly key: Uint8Array;
  /** Several calls as one transaction: all of them or none. Must not be asynchronous. */
  transaction<T>(work: () => T): T;
  /** Differs from the last one when this process has changed an account or a credential, or another one anything at all. */
  version(): string;
  /**
   * Calls back within a second after `version` has changed.
   *
   * @returns Ends it.
   */
  watch(listener: () => void): () => void;
  close(): void;
}
