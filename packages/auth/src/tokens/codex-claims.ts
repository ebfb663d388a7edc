import { decodeJwt } from "jose";
import { z } from "zod";

const optionalText = z.string().min(1).optional().catch(undefined);

// Upstream data: a claim of an unexpected type counts as absent.
const claimsSchema = z.object({
  exp: z.number().positive().optional().catch(undefined),
  "https://api.openai.com/auth": z
    .object({
      chatgpt_account_id: optionalText,
      chatgpt_plan_type: optionalText,
      chatgpt_user_id: optionalText,
      user_id: optionalText,
      chatgpt_account_is_fedramp: z.boolean().optional().catch(undefined),
      organization_id: optionalText,
      project_id: optionalText,
    })
    .optional()
    .catch(undefined),
  "https://api.openai.com/profile": z.object({ email: optionalText }).optional().catch(undefined),
});

/** What an id or access token of ChatGPT says about its owner. Read for our own use; the signature is not checked. */
export interface CodexClaims {
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | undefined;
  readonly accountId: string | undefined;
  /** `plus`, `pro`, `team`, …, as the token says it. */
  readonly planType: string | undefined;
  readonly userId: string | undefined;
  readonly organizationId: string | undefined;
  readonly projectId: string | undefined;
  readonly email: string | undefined;
  readonly isFedramp: boolean;
}

function decodePayload(token: string): unknown {
  try {
    return decodeJwt(token);
  } catch {
    // Not a JWT: an opaque token is legal and says nothing. The error is dropped on purpose, since it could quote the token.
    return undefined;
  }
}

/**
 * Reads the claims of an id or access token without checking its signature.
 *
 * @returns Undefined when the token is not a JWT.
 * @see codex-rs `login/src/token_data.rs` for the names of the claims (read 2026-10)
 */
export function readCodexClaims(token: string): CodexClaims | undefined {
  const claims = claimsSchema.safeParse(decodePayload(token));
  if (!claims.success) return undefined;
  const auth = claims.data["https://api.openai.com/auth"];
  const { exp } = claims.data;
  return {
    expiresAt: exp === undefined ? undefined : exp * 1000,
    accountId: auth?.chatgpt_account_id,
    planType: auth?.chatgpt_plan_type,
    userId: auth?.chatgpt_user_id ?? auth?.user_id,
    organizationId: auth?.organization_id,
    projectId: auth?.project_id,
    email: claims.data["https://api.openai.com/profile"]?.email,
    isFedramp: auth?.chatgpt_account_is_fedramp ?? false,
  };
}
