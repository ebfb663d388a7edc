import { isFollowed } from "../import/followed-account.ts";
import type { AccountOrigin, AccountRecord, AccountStore } from "../store/account-store.ts";
import { expiryOf, type LoginTokens, ownerOf } from "./login-tokens.ts";
import { isSecretReference } from "./secret-reference.ts";

export interface SavedLogin {
  readonly account: AccountRecord;
  /** The account was known, and has new tokens now. */
  readonly renewed: boolean;
}

export interface SaveLoginOptions {
  readonly store: AccountStore;
  readonly provider: string;
  readonly origin: AccountOrigin;
  readonly tokens: LoginTokens;
  /** The upstream's id of the account, where it is known beside the tokens; else what they tell. */
  readonly accountId?: string | undefined;
  /** Default: the email; of a known account, the label it has. */
  readonly label?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Stores a login. The same person in the same workspace is one account: a second login renews it.
 *
 * @throws {RouterError} `config-invalid` when the label belongs to another account; `store-unavailable`.
 */
export function saveLogin(options: SaveLoginOptions): SavedLogin {
  const { store, provider, origin, tokens, accountId, label, now } = options;
  const owner = { ...ownerOf(tokens), ...(accountId !== undefined && { accountId }) };
  const secrets = {
    secret: tokens.accessToken,
    refreshToken: tokens.refreshToken,
    idToken: tokens.idToken,
    expiresAt: expiryOf(tokens, now),
    refreshedAt: now,
  };
  return store.transaction(() => {
    const known = store.accounts.findLogin(provider, owner);
    if (known === undefined || isFollowed(known)) {
      // Tokens of its own take the place of those in another program's file, which is another kind of account.
      if (known !== undefined) store.accounts.remove(known.id);
      const kept = known === undefined ? {} : { label: known.label, priority: known.priority, weight: known.weight };
      const named = label === undefined ? {} : { label };
      const account = { provider, kind: "oauth", origin, ...kept, ...named, ...owner, secrets } as const;
      return { account: store.accounts.add(account), renewed: known !== undefined };
    }
    store.credentials.renew(known.id, secrets);
    const change = { ...owner, ...(label !== undefined && { label }), needsLogin: null };
    return { account: store.accounts.update(known.id, change), renewed: true };
  });
}

export interface SaveApiKeyOptions {
  readonly store: AccountStore;
  readonly provider: string;
  /** The key, or a reference to it: see `isSecretReference`. */
  readonly secret: string;
  /** Default: `key`, or the name of the variable; with a number when that is taken. */
  readonly label?: string;
}

function freeLabel(store: AccountStore, provider: string, wanted: string): string {
  let label = wanted;
  for (let number = 2; store.accounts.find(provider, label) !== undefined; number += 1) label = `${wanted} ${number}`;
  return label;
}

/**
 * Stores an API key, or the name of the environment variable that holds it. The same one twice is one account.
 *
 * @throws {RouterError} `config-invalid` when the label belongs to another account; `store-unavailable`.
 */
export function saveApiKey({ store, provider, secret, label }: SaveApiKeyOptions): SavedLogin {
  return store.transaction(() => {
    const known = store.accounts
      .list(provider)
      .find(({ id, kind }) => kind === "api-key" && store.credentials.read(id)?.secret === secret);
    if (known !== undefined) {
      const account = label === undefined ? known : store.accounts.update(known.id, { label });
      return { account, renewed: true };
    }
    const named = label ?? freeLabel(store, provider, isSecretReference(secret) ? secret.slice("env:".length) : "key");
    const account = { provider, kind: "api-key", origin: "login", label: named, secrets: { secret } } as const;
    return { account: store.accounts.add(account), renewed: false };
  });
}
