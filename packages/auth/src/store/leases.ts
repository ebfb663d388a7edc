/** Who holds a lease. */
export interface LeaseHolder {
  /** Unique per holder, for example a UUID. */
  readonly owner: string;
  /** One more at every sign of life. A waiter that sees no change for long knows, by its own clock, that the holder is gone. */
  readonly beat: number;
  /** Process and host, so that a dead process is recognised at once. */
  readonly pid: number;
  readonly host: string;
}

/** Who may do something that only one process at a time may do. */
export interface LeaseTable {
  /**
   * Takes a lease that nobody holds, or takes it from `gone`, unless that holder has given a sign of life meanwhile.
   *
   * @returns True when `owner` holds it now; false while another one does.
   */
  take(name: string, owner: string, gone?: LeaseHolder): boolean;
  holder(name: string): LeaseHolder | undefined;
  /** A sign of life. @returns False when the lease is not `owner`'s any more. */
  beat(name: string, owner: string): boolean;
  /** Nothing happens when it is not `owner`'s any more. */
  release(name: string, owner: string): void;
}
