/** What an executor shows its upstream. Goes into no log, error or message. */
export interface Credential {
  /** Names the account in logs and memory; no secret. */
  readonly accountKey: string;
  readonly kind: "api-key" | "oauth";
  /** The bearer token or API key. */
  readonly secret: string;
  /** The upstream's own account id, sent beside the token where the upstream wants it. */
  readonly accountId?: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
}

/** One account of a provider. Its credential is leased for one attempt. */
export interface Account {
  /** Unique within the provider; appears in logs. */
  readonly key: string;
  /** What people call it, when that is not the key. */
  readonly label?: string;
  /** Higher is used first, by the strategy that goes by it. Default 0. */
  readonly priority?: number;
  /** Share of the requests, by the strategy that goes by it; above 0. Default 1. */
  readonly weight?: number;
  /** Why its owner has switched it off; it is then never used. */
  readonly disabled?: string;
  /**
   * A credential that is good now, refreshed first when it has expired.
   *
   * @throws {RouterError} `credential-unavailable` when there is none and none can be had.
   */
  lease(signal: AbortSignal): Promise<Credential>;
  /**
   * Called after the upstream refused `rejected`: reloads or refreshes once, for all who wait.
   *
   * @returns A different credential, or undefined when there is none to try.
   */
  renew(rejected: Credential, signal: AbortSignal): Promise<Credential | undefined>;
}
