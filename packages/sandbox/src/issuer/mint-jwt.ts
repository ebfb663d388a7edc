import { codexClientId } from "./clients.ts";

/** Who a token is about. */
export interface JwtSubject {
  readonly accountId: string;
  readonly planType: string;
  readonly email: string;
}

export interface JwtOptions {
  readonly kind: "access" | "id";
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly lifetimeSeconds: number;
  readonly id: string;
}

/** Ends every token of the sandbox, so that one can be looked for in logs and files. */
const signature = Buffer.from("sandbox signature").toString("base64url");

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A token in the form of a real one, with a signature that is none: clients read its claims and do not verify it. */
export function mintJwt({ accountId, planType, email }: JwtSubject, options: JwtOptions): string {
  const issuedAt = Math.floor(options.issuedAt / 1000);
  const userId = `user-${accountId}`;
  const isId = options.kind === "id";
  const claims = {
    iss: options.issuer,
    aud: isId ? [codexClientId] : ["https://api.openai.com/v1"],
    sub: userId,
    iat: issuedAt,
    exp: issuedAt + options.lifetimeSeconds,
    jti: options.id,
    "https://api.openai.com/auth": {
      chatgpt_account_id: accountId,
      chatgpt_plan_type: planType,
      chatgpt_user_id: userId,
      user_id: userId,
      chatgpt_account_is_fedramp: false,
      ...(isId ? { organization_id: `org-${accountId}`, organizations: [] } : {}),
    },
    "https://api.openai.com/profile": { email, email_verified: true },
    ...(isId ? { email } : {}),
  };
  // The header of the real ones: libraries look at `alg`.
  return `${base64url({ alg: "RS256", typ: "JWT", kid: "sandbox" })}.${base64url(claims)}.${signature}`;
}
