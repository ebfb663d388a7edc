import { type AuthDeclaration, fromNodeError, RouterError, type Runtime } from "@turnout/core";
import { type Dispatcher, ProxyAgent, request } from "undici";
import { z } from "zod";

import { parseJson } from "../library/parse-json.ts";
import type { RefreshedTokens } from "../tokens/codex-login.ts";

/** Where and as whom tokens are refreshed. */
export type OAuthClient = NonNullable<AuthDeclaration["oauth"]>;

/** The upstream's answer, not yet understood. */
export interface TokenReply {
  readonly status: number;
  /** At most 1 MiB. */
  readonly body: string;
}

export type TokenRefreshResult =
  | { readonly outcome: "refreshed"; readonly tokens: RefreshedTokens }
  /** This refresh token will never work again. */
  | { readonly outcome: "refused"; readonly code: string }
  /** Another try may work. */
  | { readonly outcome: "failed"; readonly reason: string };

export interface TokenRequestOptions {
  readonly oauth: OAuthClient;
  /** Milliseconds until an answer must be complete. Default 30 000, as others use. */
  readonly timeoutMs?: number;
  /** How the bytes travel; only where the process that asks is this one. Default: `proxyUrl`, else undici's global dispatcher. */
  readonly dispatcher?: Dispatcher;
  /** HTTP proxy on the way to the issuer. */
  readonly proxyUrl?: string;
  /** Sent with the request, for example `user-agent`. */
  readonly headers?: Readonly<Record<string, string>>;
}

const maxReplyBytes = 1024 * 1024;

const optionalText = z.string().min(1).nullish().catch(undefined);

const replySchema = z.object({
  id_token: optionalText,
  access_token: optionalText,
  refresh_token: optionalText,
  expires_in: z.coerce.number().positive().optional().catch(undefined),
});

/** The code stands in `error.code`, in `error` as a string, or in `code` (codex.md 7.3 names all three). */
const errorSchema = z.object({
  error: z
    .union([z.string(), z.object({ code: z.string() }).transform((error) => error.code)])
    .optional()
    .catch(undefined),
  code: z.string().optional().catch(undefined),
});

/** Codes that condemn the refresh token whatever the status; a 401 does so with any code. */
const permanentCodes = new Set([
  "refresh_token_expired",
  "refresh_token_reused",
  "refresh_token_invalidated",
  "token_invalidated",
  "invalid_grant",
]);

/** `https://auth.openai.com/oauth/token`; an issuer may have a path of its own. */
function tokenUrl(oauth: OAuthClient): string {
  return `${oauth.issuer.replace(/\/+$/u, "")}${oauth.tokenPath}`;
}

async function readBody(body: Dispatcher.ResponseData["body"]): Promise<string> {
  const source: AsyncIterable<Uint8Array> = body;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    // Leaving the loop destroys the body and its connection.
    if (length > maxReplyBytes) return "";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * Asks for new tokens: the half that talks. A body above 1 MiB comes back empty.
 *
 * @throws {RouterError} `upstream-unavailable` when the issuer cannot be reached or breaks off, `upstream-timeout` when it
 *   does not answer in time. In both cases the refresh token may have been spent.
 */
export async function requestTokenRefresh(
  refreshToken: string,
  options: TokenRequestOptions,
  runtime: Runtime,
): Promise<TokenReply> {
  const url = tokenUrl(options.oauth);
  const timeoutMs = options.timeoutMs ?? 30_000;
  const deadline = new AbortController();
  const timer = runtime.setTimer(timeoutMs, () => deadline.abort());
  const proxy = options.proxyUrl === undefined ? undefined : new ProxyAgent(options.proxyUrl);
  const dispatcher = options.dispatcher ?? proxy;
  try {
    const response = await request(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json", ...options.headers },
      body: JSON.stringify({
        client_id: options.oauth.clientId,
        grant_type: "refresh_token",
        refresh_token: refreshToken,
      }),
      signal: deadline.signal,
      ...(dispatcher && { dispatcher }),
    });
    return { status: response.statusCode, body: await readBody(response.body) };
  } catch (error) {
    const tried = `Cannot refresh a token at ${url}`;
    if (deadline.signal.aborted) {
      throw new RouterError("upstream-timeout", `${tried}: no answer within ${timeoutMs} ms`, {
        timeoutMs,
        requestSent: true,
      });
    }
    throw fromNodeError(error, tried, true);
  } finally {
    timer.cancel();
    await proxy?.destroy();
  }
}

/** A code that may be shown: anything unlike an identifier could be an echo of what we sent. */
export function readErrorCode(value: unknown): string | undefined {
  const parsed = errorSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const code = parsed.data.error ?? parsed.data.code;
  return code !== undefined && /^[a-z][a-z_]{0,63}$/u.test(code) ? code : undefined;
}

/**
 * Understands the answer of the token endpoint: the half with the rules.
 *
 * @see codex.md 7.3: every field of the answer is optional; 401 is permanent for the token, other statuses are not
 */
export function readTokenRefreshResponse(reply: TokenReply): TokenRefreshResult {
  const value = parseJson(reply.body);
  if (reply.status >= 200 && reply.status < 300) {
    const tokens = replySchema.safeParse(value);
    if (!tokens.success)
      return { outcome: "failed", reason: `status ${reply.status} with a body that is not a JSON object` };
    const { access_token, refresh_token, id_token, expires_in } = tokens.data;
    return {
      outcome: "refreshed",
      tokens: {
        accessToken: access_token ?? undefined,
        refreshToken: refresh_token ?? undefined,
        idToken: id_token ?? undefined,
        expiresInMs: expires_in === undefined ? undefined : expires_in * 1000,
      },
    };
  }
  const code = readErrorCode(value);
  if (reply.status === 401 || (code !== undefined && reply.status < 500 && permanentCodes.has(code))) {
    return { outcome: "refused", code: code ?? `status ${reply.status}` };
  }
  return {
    outcome: "failed",
    reason: code === undefined ? `status ${reply.status}` : `status ${reply.status}, ${code}`,
  };
}
