import { RouterError } from "@turnout/core";

import { saveApiKey, saveLogin, type SavedLogin } from "../login/save-login.ts";
import { type LoginOwner, ownerOf } from "../login/login-tokens.ts";
import type { AccountRecord, AccountStore } from "../store/account-store.ts";
import type { TokenLogin } from "../tokens/codex-login.ts";
import { createAuthFile } from "./auth-file.ts";
import { followedFlow, isFollowed } from "./followed-account.ts";

export interface ImportCodexOptions {
  readonly store: AccountStore;
  readonly provider: string;
  /** Of the auth.json, absolute. */
  readonly path: string;
  /**
   * True: the tokens are copied, and refreshed here from now on, which spends the refresh token in the file. False: the file is
   * read before each use, and refreshing is left to the Codex CLI.
   */
  readonly adopt: boolean;
  readonly label?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface ImportedLogin extends SavedLogin {
  /** `followed`: the tokens stay in the file; `adopted`: they are in the store; `api-key`: the file had a key. */
  readonly how: "followed" | "adopted" | "api-key";
}

/**
 * Takes the login of the Codex CLI into the store.
 *
 * @throws {RouterError} `credential-unavailable` when the file has none; `config-invalid` when this login is there already and
 *   turnout refreshes it by itself, or the label is taken; `store-unavailable`.
 */
export async function importCodexLogin(options: ImportCodexOptions): Promise<ImportedLogin> {
  const { store, provider, path, adopt, now } = options;
  const label = options.label === undefined ? {} : { label: options.label };
  const login = await createAuthFile(path, provider).read();
  if (login.kind === "api-key") {
    return { ...saveApiKey({ store, provider, secret: login.apiKey, ...label }), how: "api-key" };
  }
  const owner = ownerOfFile(login);
  return store.transaction((): ImportedLogin => {
    if (!adopt) {
      const known = store.accounts.findLogin(provider, owner);
      return { ...follow(options, owner, known), how: "followed" };
    }
    const { accessToken, refreshToken, idToken, accountId } = login.tokens;
    const tokens = { accessToken, refreshToken, idToken, expiresInSeconds: undefined };
    const saved = saveLogin({ store, provider, origin: "import", tokens, accountId, now, ...label });
    return { ...saved, how: "adopted" };
  });
}

function ownerOfFile({ tokens }: TokenLogin): LoginOwner {
  const { accessToken, refreshToken, idToken, accountId } = tokens;
  const owner = ownerOf({ accessToken, refreshToken, idToken, expiresInSeconds: undefined });
  return accountId === undefined ? owner : { ...owner, accountId };
}

function follow(options: ImportCodexOptions, owner: LoginOwner, known: AccountRecord | undefined): SavedLogin {
  const { store, provider, path, label } = options;
  const named = label === undefined ? {} : { label };
  if (known === undefined) {
    const account = { provider, kind: "oauth", origin: "import", flow: followedFlow, ...named, ...owner } as const;
    return { account: store.accounts.add({ ...account, secrets: { secret: path } }), renewed: false };
  }
  if (!isFollowed(known)) {
    const message = `Cannot import ${path}: this login is account "${known.label}" already, and turnout refreshes it by itself`;
    throw new RouterError("config-invalid", message, {});
  }
  store.credentials.renew(known.id, { secret: path });
  return { account: store.accounts.update(known.id, { ...owner, ...named, needsLogin: null }), renewed: true };
}
