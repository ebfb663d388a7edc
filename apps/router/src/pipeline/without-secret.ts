import type { AnyRouterError, Credential } from "@turnout/core";
import { RouterError } from "@turnout/core";

/** Shorter ones are no secrets, and stand in words that mean something else. */
const shortestSecret = 8;

/**
 * The same failure without the credential: some upstreams quote the key they refuse, and what they say goes to clients and
 * logs. Codecs blank what looks like a key; this knows the key.
 */
export function withoutSecret(error: AnyRouterError, { secret }: Credential): AnyRouterError {
  if (secret.length < shortestSecret || !quotes(error, secret)) return error;
  const { upstream } = error;
  // No `cause`: it may say the same.
  return RouterError.from(
    new RouterError(
      error.code,
      error.message.replaceAll(secret, redacted),
      cleaned(error.details, secret),
      upstream === undefined ? {} : { upstream: cleaned(upstream, secret) },
    ),
  );
}

const redacted = "[redacted]";

function textsOf(fields: object): [name: string, text: string][] {
  return Object.entries(fields).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : []));
}

function quotes({ message, details, upstream }: AnyRouterError, secret: string): boolean {
  const texts = [...textsOf(details), ...textsOf(upstream ?? {})].map(([, text]) => text);
  return [message, ...texts].some((text) => text.includes(secret));
}

function cleaned<T extends object>(fields: T, secret: string): T {
  const copy = { ...fields };
  for (const [name, text] of textsOf(fields)) Object.assign(copy, { [name]: text.replaceAll(secret, redacted) });
  return copy;
}
