import { z } from "zod";
import type { AccountBook, TokenSet } from "../accounts.ts";
import { parseJson } from "../json.ts";
import { apiRefusal } from "../refusal.ts";
import type { GrantBook } from "./grants.ts";
import { type IssuerAnswer, jsonAnswer, oauthError, refusalAnswer } from "./issuer-answer.ts";

const requestSchema = z.discriminatedUnion("grant_type", [
  z.looseObject({
    grant_type: z.literal("refresh_token"),
    refresh_token: z.string().min(1),
    client_id: z.string().min(1),
  }),
  z.looseObject({
    grant_type: z.literal("authorization_code"),
    code: z.string().min(1),
    redirect_uri: z.string().min(1),
    client_id: z.string().min(1),
    // 43 to 128 characters (RFC 7636, section 4.1).
    code_verifier: z.string().min(43).max(128),
  }),
]);

/** A body as JSON (what Codex sends to refresh) or as a form (what others send, and what everybody sends with a code). */
export function readFields(contentType: string, text: string): unknown {
  if (contentType.startsWith("application/x-www-form-urlencoded")) return Object.fromEntries(new URLSearchParams(text));
  return parseJson(text);
}

function tokenAnswer(tokens: TokenSet, scopes: readonly string[]): IssuerAnswer {
  return jsonAnswer(200, {
    access_token: tokens.accessToken,
    // Without that scope there is nothing to refresh with.
    ...(scopes.includes("offline_access") ? { refresh_token: tokens.refreshToken } : {}),
    id_token: tokens.idToken,
    token_type: "Bearer",
    expires_in: tokens.expiresInSeconds,
    scope: scopes.join(" "),
  });
}

/**
 * `POST /oauth/token` with grant `authorization_code` or `refresh_token`.
 *
 * Codes work once. Refresh tokens rotate and work once; a second use ends the whole family.
 */
export function answerTokenRequest(
  accounts: AccountBook,
  grants: GrantBook,
  contentType: string,
  text: string,
): IssuerAnswer {
  const request = requestSchema.safeParse(readFields(contentType, text));
  if (!request.success) {
    const field = request.error.issues[0]?.path.join(".") ?? "";
    const message = `Invalid token request: '${field}' is missing or not supported`;
    return refusalAnswer(apiRefusal(400, { message, code: "invalid_request" }));
  }
  if (request.data.grant_type === "refresh_token") {
    const result = accounts.refresh(request.data.refresh_token);
    if (!result.ok) return refusalAnswer(result.refusal);
    return tokenAnswer(result.tokens, ["openid", "profile", "email", "offline_access"]);
  }
  const { code, client_id: clientId, redirect_uri: redirectUri, code_verifier: codeVerifier } = request.data;
  const result = grants.exchange({ code, clientId, redirectUri, codeVerifier });
  return result.ok ? tokenAnswer(result.tokens, result.scopes) : oauthError(400, "invalid_grant", result.reason);
}
