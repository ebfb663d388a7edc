import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** What the simulated issuer mints, and what turnout makes, by their forms. */
const forms: Readonly<Record<string, RegExp>> = {
  "access or id token": /eyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]+/g,
  "refresh token": /rt_[0-9a-f]{20}/g,
  "authorization code": /ac_[0-9a-f]{20}/g,
  "API key": /sk-[\w-]{8,}/g,
  "client key": /tk_[\w-]{43}/g,
};

/** A secret where none should be. */
export interface FoundSecret {
  readonly where: string;
  readonly what: string;
  /** Where in it, and the first characters only: this is printed. */
  readonly excerpt: string;
}

/** @param allowed - Secrets that were meant to be shown there. */
export function findSecrets(where: string, text: string, allowed: readonly string[] = []): FoundSecret[] {
  return Object.entries(forms).flatMap(([what, form]) =>
    [...text.matchAll(form)]
      .filter(([secret]) => !allowed.includes(secret))
      .map(({ 0: secret, index }) => ({ where, what, excerpt: `at ${index}: ${secret.slice(0, 12)}…` })),
  );
}

/** All files below a folder, byte by byte: databases, their logs, whatever is there. */
export function findSecretsInFolder(folder: string): FoundSecret[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())
    .flatMap((file) => findSecrets(file, readFileSync(file, "latin1")));
}
