import { RouterError } from "@turnout/core";

/** `env:NAME`: the secret is in the environment variable NAME. No API key looks so. */
const referencePattern = /^env:([A-Za-z_][A-Za-z0-9_]*)$/u;

/** True for a name of a secret in place of the secret itself. */
export function isSecretReference(text: string): boolean {
  return referencePattern.test(text);
}

/** What can stand in a header; a line break means that it was copied along. */
export function isUsableSecret(text: string): boolean {
  return /^[\u0021-\u007E]{1,4096}$/u.test(text);
}

/**
 * The secret itself: what a reference leads to, or the text as it is.
 *
 * @throws {RouterError} `credential-unavailable` when the variable is not set, or holds what is no secret.
 */
export function resolveSecret(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
  provider: string,
): string {
  const name = referencePattern.exec(text)?.[1];
  if (name === undefined) return text;
  const value = environment[name];
  if (value !== undefined && isUsableSecret(value)) return value;
  const reason = value === undefined || value === "" ? "is not set" : "holds no key (spaces, line breaks)";
  throw new RouterError("credential-unavailable", `Cannot use the API key in \$${name}: the variable ${reason}`, {
    provider,
  });
}
