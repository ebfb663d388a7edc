import type { AccountBook, Caller } from "../accounts.ts";

/** Whose key it is; undefined for one that nobody has, or a token of another backend. */
export function findKeyOwner(accounts: AccountBook, key: string): Caller | undefined {
  const login = accounts.authenticate(`Bearer ${key}`);
  return login.ok && login.caller.kind === "api-key" ? login.caller : undefined;
}

/** The secret of a bearer header. */
export function bearerKey(authorization: string | undefined): string | undefined {
  return /^Bearer (\S+)$/.exec(authorization ?? "")?.[1];
}
