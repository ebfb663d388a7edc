import { RouterError } from "@turnout/core";

import type { AuthFile } from "./auth-file.ts";
import { type CodexTokens, fingerprint, type Login, type TokenLogin } from "../tokens/codex-login.ts";
import type { SavedLogin, SavedRecord } from "./saved-login.ts";

/** Enough for every login somebody makes between two restarts; old ones are of no interest. */
const maxRefused = 8;
const emptyRecord: SavedRecord = { login: undefined, refused: [] };

/**
 * Which of the two copies of a login counts: the one in auth.json, or the one in the store that came from it by
 * refreshing. The store wins as long as auth.json still holds the refresh token its copy descends from; another
 * token in auth.json means that Codex CLI has refreshed, or that somebody has logged in anew.
 */
function chooseLogin(file: Login, record: SavedRecord): Login {
  if (file.kind !== "tokens" || file.origin === undefined || record.login === undefined) return file;
  const { tokens, origin } = record.login;
  if (tokens.accountId !== file.tokens.accountId) return file;
  if (tokens.refreshToken === file.tokens.refreshToken) {
    // Written back, or an issuer that does not rotate: both copies are alive, and the one refreshed last is newer.
    return (tokens.refreshedAt ?? 0) > (file.tokens.refreshedAt ?? 0) ? { kind: "tokens", tokens, origin } : file;
  }
  return origin === file.origin ? { kind: "tokens", tokens, origin } : file;
}

/** The login of one auth.json with what the store knows about it. */
export interface LoginSource {
  /** The login that counts now; touches the disk only as far as auth.json has changed. */
  load(): Promise<Login>;
  /** As `load`, but reads the store again too: another process may have refreshed. Call it under the lock. */
  reload(): Promise<Login>;
  /**
   * Puts tokens that `base` was refreshed to in the store; then they count, unless auth.json was replaced in between. Call it
   * under the lock.
   *
   * @throws {RouterError} `store-unavailable` when they cannot be written.
   */
  save(base: TokenLogin, tokens: CodexTokens): Promise<void>;
  /** Why this refresh token must not be tried again; undefined when nothing is known against it. */
  refusal(refreshToken: string): string | undefined;
  /** Remembers a refusal, also over restarts. Call it under the lock. */
  refuse(refreshToken: string, code: string): void;
}

export interface LoginSourceOptions {
  readonly file: AuthFile;
  readonly saved: SavedLogin;
  readonly provider: string;
  readonly writeBack: boolean;
  /** For the name of the temporary file beside auth.json. */
  readonly uuid: () => string;
  /** Told when tokens are safe in the store but could not be written back to auth.json. */
  readonly onWarning: (error: RouterError) => void;
}

export function createLoginSource(options: LoginSourceOptions): LoginSource {
  const { file, saved } = options;
  let record: SavedRecord | undefined;
  /** A crash may have come between saving and writing back, so the first `load` looks. */
  let mayOweWriteBack = options.writeBack;

  function readRecord(): SavedRecord {
    record ??= saved.read() ?? emptyRecord;
    return record;
  }

  function save(next: SavedRecord): void {
    saved.write(next);
    record = next;
  }

  async function writeBack(login: TokenLogin): Promise<void> {
    mayOweWriteBack = false;
    try {
      const current = await file.read();
      // Otherwise somebody logged in anew, or Codex CLI was faster: the file is newer than what we have.
      if (current.kind === "tokens" && current.origin === login.origin) await file.write(login.tokens, options.uuid());
    } catch (error) {
      const { message } = RouterError.from(error);
      options.onWarning(
        new RouterError("credential-unavailable", `Cannot write refreshed login back to ${file.path}: ${message}`, {
          provider: options.provider,
        }),
      );
    }
  }

  async function load(): Promise<Login> {
    const login = await file.read();
    if (login.kind !== "tokens") return login;
    const chosen = chooseLogin(login, readRecord());
    if (mayOweWriteBack && chosen !== login && chosen.kind === "tokens") await writeBack(chosen);
    mayOweWriteBack = false;
    return chosen;
  }

  return {
    load,
    reload() {
      record = undefined;
      return load();
    },
    async save(base, tokens) {
      const origin = base.origin ?? fingerprint(base.tokens.accessToken);
      save({ ...readRecord(), login: { tokens, origin } });
      if (options.writeBack) await writeBack({ kind: "tokens", tokens, origin });
    },
    refusal(refreshToken) {
      const wanted = fingerprint(refreshToken);
      return record?.refused.find((refused) => refused.fingerprint === wanted)?.code;
    },
    refuse(refreshToken, code) {
      const old = readRecord();
      const refused = [...old.refused, { fingerprint: fingerprint(refreshToken), code }].slice(-maxRefused);
      save({ ...old, refused });
    },
  };
}
