import type { NewAccount } from "../store/account-store.ts";
import { readCodexClaims } from "../tokens/codex-claims.ts";

/** What a login brought. Secret; goes into no message. */
export interface LoginTokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  /** Seconds that the access token lives, when the issuer said so. */
  readonly expiresInSeconds: number | undefined;
}

/** Whose login it is, as far as its tokens tell. */
export type LoginOwner = Pick<NewAccount, "accountId" | "userId" | "email" | "plan">;

/** The id token speaks of the person, and wins; the access token fills what it leaves open. */
export function ownerOf(tokens: LoginTokens): LoginOwner {
  const id = tokens.idToken === undefined ? undefined : readCodexClaims(tokens.idToken);
  const access = readCodexClaims(tokens.accessToken);
  const accountId = id?.accountId ?? access?.accountId;
  const userId = id?.userId ?? access?.userId;
  const email = id?.email ?? access?.email;
  const plan = id?.planType ?? access?.planType;
  return {
    ...(accountId !== undefined && { accountId }),
    ...(userId !== undefined && { userId }),
    ...(email !== undefined && { email }),
    ...(plan !== undefined && { plan }),
  };
}

/** Milliseconds since the epoch: what the token says of itself, else what the issuer said beside it. */
export function expiryOf(tokens: LoginTokens, now: number): number | undefined {
  const { expiresInSeconds } = tokens;
  const told = expiresInSeconds === undefined ? undefined : now + expiresInSeconds * 1000;
  return readCodexClaims(tokens.accessToken)?.expiresAt ?? told;
}
