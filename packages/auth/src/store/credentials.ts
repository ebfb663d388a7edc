/** The secrets of an account as they come from a login. Go into no log, error or message. */
export interface NewSecrets {
  /** The access token, or the API key. */
  readonly secret: string;
  readonly refreshToken?: string | undefined;
  readonly idToken?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number | undefined;
  /** When the access token was issued, milliseconds since the epoch. */
  readonly refreshedAt?: number | undefined;
}

/** The secrets of an account as they are stored now. */
export interface StoredCredential {
  /** 1 at first, one more with every replacement. */
  readonly generation: number;
  readonly secret: string;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  readonly expiresAt: number | undefined;
  readonly refreshedAt: number | undefined;
  /** A refresh of this generation that was begun and not finished: its refresh token may be spent. */
  readonly intent: RefreshIntent | undefined;
}

/** Written before a refresh token is sent anywhere. */
export interface RefreshIntent {
  /** How often the token has been sent since it was stored, this time included. */
  readonly attempts: number;
  /** Of the latest attempt, milliseconds since the epoch. */
  readonly at: number;
  /** Who made it: see `LeaseTable`. */
  readonly owner: string;
}

export interface CredentialTable {
  /**
   * The credential of an account, decrypted.
   *
   * @returns Undefined when there is no such account.
   * @throws {RouterError} `store-unavailable` with reason `damaged` when it cannot be decrypted; other accounts are not affected.
   */
  read(id: string): StoredCredential | undefined;
  /** The generation alone: one lookup, nothing is decrypted. */
  generation(id: string): number | undefined;
  /**
   * Records that the refresh token of `generation` is about to be sent. On disk when it returns.
   *
   * @returns False, with nothing written, when the credential has another generation by now.
   */
  begin(id: string, generation: number, owner: string): boolean;
  /** Takes the record away: the token was surely not spent. */
  abandon(id: string, generation: number): void;
  /**
   * Puts refreshed secrets in the place of `generation`, and takes needs-login away. On disk, synced, when it returns.
   *
   * @returns The new generation; undefined, with nothing written, when the credential has another generation by now.
   */
  replace(id: string, generation: number, secrets: NewSecrets): number | undefined;
  /** Puts the secrets of a new login in place, whatever was there. On disk, synced, when it returns. */
  renew(id: string, secrets: NewSecrets): number;
}
