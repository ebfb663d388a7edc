import { realpath, stat } from "node:fs/promises";

import { type JsonObject, isJsonObject, RouterError } from "@turnout/core";
import { z } from "zod";

import { readCodexClaims } from "../tokens/codex-claims.ts";
import { type CodexTokens, findAccountId, fingerprint, type Login } from "../tokens/codex-login.ts";
import { errorCode, readSmallFile, readStamp, writeFileAtomically } from "../library/files.ts";
import { parseJson } from "../library/parse-json.ts";

const maxAuthFileBytes = 1024 * 1024;

const optionalText = z.string().min(1).nullish().catch(undefined);

/**
 * Codex CLI's auth.json as far as we use it. Only what we need is checked, and a key of an unexpected type counts as absent:
 * newer versions add keys (`agent_identity`, `personal_access_token`, …).
 *
 * @see codex-rs `login/src/auth/storage.rs` (read 2026-10)
 */
const authFileSchema = z.object({
  auth_mode: optionalText,
  OPENAI_API_KEY: optionalText,
  tokens: z
    .object({
      access_token: optionalText,
      refresh_token: optionalText,
      id_token: optionalText,
      account_id: optionalText,
    })
    .nullish()
    .catch(undefined),
  last_refresh: optionalText,
});

function readTime(text: string | null | undefined): number | undefined {
  const time = typeof text === "string" ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/**
 * The login in the parsed text of an auth.json. Tokens win over an API key, unless `auth_mode` is `apikey`: the ChatGPT
 * backend takes tokens only.
 *
 * @returns Undefined when it is not an object, or holds neither tokens nor an API key.
 */
export function readAuthDocument(document: unknown): Login | undefined {
  const parsed = authFileSchema.safeParse(document);
  if (!parsed.success) return undefined;
  const { tokens, OPENAI_API_KEY: apiKey, auth_mode: mode } = parsed.data;
  const accessToken = tokens?.access_token ?? undefined;
  if (typeof apiKey === "string" && (accessToken === undefined || mode === "apikey"))
    return { kind: "api-key", apiKey };
  if (accessToken === undefined) return undefined;
  const idToken = tokens?.id_token ?? undefined;
  const refreshToken = tokens?.refresh_token ?? undefined;
  return {
    kind: "tokens",
    origin: refreshToken === undefined ? undefined : fingerprint(refreshToken),
    tokens: {
      accessToken,
      refreshToken,
      idToken,
      accountId: findAccountId({ accountId: tokens?.account_id ?? undefined, idToken, accessToken }),
      expiresAt: readCodexClaims(accessToken)?.expiresAt,
      refreshedAt: readTime(parsed.data.last_refresh),
    },
  };
}

/** Codex CLI's auth.json, read again only when it has changed. */
export interface AuthFile {
  readonly path: string;
  /**
   * The login in the file now.
   *
   * @throws {RouterError} `credential-unavailable` when the file is missing, too large or holds no login.
   */
  read(): Promise<Login>;
  /** Puts new tokens into the file; every other key stays, and so do mode and owner. */
  write(tokens: CodexTokens, unique: string): Promise<void>;
}

function whyUnreadable(error: unknown): string {
  switch (errorCode(error)) {
    case "ENOENT":
      return "there is no such file; log in with `codex login`, or correct authFile";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "ENOTFILE":
      return "it is not a regular file";
    case "EFBIG":
      return `it is larger than ${maxAuthFileBytes} bytes`;
    default:
      return errorCode(error) ?? "unknown failure";
  }
}

function withTokens(document: JsonObject, tokens: CodexTokens): JsonObject {
  const old = isJsonObject(document.tokens) ? document.tokens : {};
  return {
    ...document,
    tokens: {
      ...old,
      access_token: tokens.accessToken,
      ...(tokens.refreshToken !== undefined && { refresh_token: tokens.refreshToken }),
      ...(tokens.idToken !== undefined && { id_token: tokens.idToken }),
    },
    ...(tokens.refreshedAt !== undefined && { last_refresh: new Date(tokens.refreshedAt).toISOString() }),
  };
}

/**
 * Opens nothing yet; the file need not exist.
 *
 * @param path - Absolute path of an auth.json, at most 1 MiB.
 * @param provider - For the details of errors.
 */
export function createAuthFile(path: string, provider: string): AuthFile {
  let known: { readonly stamp: string; readonly login: Login } | undefined;

  function unavailable(reason: string, cause?: unknown): RouterError {
    return new RouterError("credential-unavailable", `Cannot use login in ${path}: ${reason}`, { provider }, { cause });
  }

  async function readDocument(): Promise<unknown> {
    try {
      return parseJson(await readSmallFile(path, maxAuthFileBytes));
    } catch (error) {
      throw unavailable(whyUnreadable(error), error);
    }
  }

  async function read(): Promise<Login> {
    // Taken before reading: a change in between shows as another stamp next time.
    const stamp = await readStamp(path).catch((error: unknown) => {
      throw unavailable(whyUnreadable(error), error);
    });
    if (stamp !== undefined && stamp === known?.stamp) return known.login;
    const document = await readDocument();
    if (document === undefined) {
      // Codex CLI truncates and rewrites in place, so this may be half a file: go on with what was there until it is whole.
      if (known !== undefined) return known.login;
      throw unavailable("it is not JSON");
    }
    const login = readAuthDocument(document);
    if (login === undefined) {
      known = undefined;
      throw unavailable("it holds neither tokens nor an API key; log in with `codex login`");
    }
    known = stamp === undefined ? undefined : { stamp, login };
    return login;
  }

  return {
    path,
    read,
    async write(tokens, unique) {
      const document = await readDocument();
      if (!isJsonObject(document)) throw unavailable("it is not a JSON object");
      // A link stays a link: its target is replaced.
      const target = await realpath(path);
      const { mode, uid, gid } = await stat(target);
      const text = `${JSON.stringify(withTokens(document, tokens), undefined, 2)}\n`;
      await writeFileAtomically(target, text, { mode: mode & 0o777, owner: { uid, gid } }, unique);
    },
  };
}
