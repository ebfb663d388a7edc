import type { Credential } from "./credential.ts";

/** One window of a limit. Which one it is shows its length, not its place: a week can stand first. */
export interface QuotaWindow {
  /** 0 to 100, sometimes beyond. */
  readonly usedPercent: number;
  readonly lengthMs?: number;
  /** Milliseconds since the epoch. */
  readonly resetsAt?: number;
}

/** What an upstream tells of one limit of an account. */
export interface QuotaReading {
  /** Which limit this is, in the upstream's words, for example `codex`. */
  readonly limit: string;
  /** For people. */
  readonly name?: string;
  /** Models it counts for, by the upstream's names; none when that is not known. Absent: all models of the account. */
  readonly models?: readonly string[];
  readonly plan?: string;
  /** The upstream says itself whether the limit is reached. */
  readonly reached?: boolean;
  readonly windows: readonly QuotaWindow[];
  /** Money that goes on when the windows are used up. */
  readonly credits?: { readonly hasCredits: boolean; readonly unlimited: boolean; readonly balance?: string };
}

/** Asks an upstream what is left of an account's limits, without using any of it. */
export interface QuotaReader {
  /**
   * @returns Every limit the upstream tells of; none for a credential that has none, such as an API key.
   * @throws {RouterError} as an executor does: `credential-rejected`, `upstream-unavailable`, …
   */
  read(credential: Credential, signal: AbortSignal): Promise<readonly QuotaReading[]>;
  close?(): Promise<void>;
}
