import type { JsonObject } from "@turnout/core";
import { z } from "zod";
import type { AccountBook } from "./accounts.ts";
import { parseJson } from "./json.ts";
import { apiRefusal, type Refusal } from "./refusal.ts";

const refreshRequestSchema = z.looseObject({
  grant_type: z.literal("refresh_token"),
  refresh_token: z.string().min(1),
  client_id: z.string().min(1),
});

export type TokenAnswer =
  | { readonly ok: true; readonly body: JsonObject }
  | { readonly ok: false; readonly refusal: Refusal };

function readForm(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

/**
 * `POST /oauth/token` with grant `refresh_token`, as JSON (Codex) or as a form (others).
 *
 * Refresh tokens rotate and work once.
 */
export function answerTokenRequest(accounts: AccountBook, contentType: string, text: string): TokenAnswer {
  const body = contentType.startsWith("application/x-www-form-urlencoded") ? readForm(text) : parseJson(text);
  const request = refreshRequestSchema.safeParse(body);
  if (!request.success) {
    const field = request.error.issues[0]?.path.join(".") ?? "";
    const message = `Invalid token request: '${field}' is missing or not supported`;
    return { ok: false, refusal: apiRefusal(400, { message, code: "invalid_request" }) };
  }
  const result = accounts.refresh(request.data.refresh_token);
  if (!result.ok) return result;
  const { tokens } = result;
  return {
    ok: true,
    body: {
      access_token: tokens.accessToken,
      refresh_token: tokens.refreshToken,
      id_token: tokens.idToken,
      token_type: "Bearer",
      expires_in: tokens.expiresInSeconds,
      scope: "openid profile email offline_access",
    },
  };
}
