/** What the pool knows about one account and one model. */
export interface LimitRow {
  readonly provider: string;
  /** The key of the account, also of one that is only in the config. */
  readonly accountKey: string;
  /** The model it is about; `*` for the account as a whole. */
  readonly model: string;
  /** What `kind` of knowledge it is, for example `state` or `quota`; the pool's own word. */
  readonly kind: string;
  /** JSON text, at most 64 KiB; what it says is the pool's business. */
  readonly value: string;
  /** When it stops to be of interest, milliseconds since the epoch; rows are cleared away some time after. */
  readonly until: number;
}

export interface LimitTable {
  /** Rows that are still of interest. */
  list(provider?: string): LimitRow[];
  /** All of them in one transaction, each over the row of the same provider, account, model and kind. */
  put(rows: readonly LimitRow[]): void;
  remove(rows: readonly Pick<LimitRow, "provider" | "accountKey" | "model" | "kind">[]): void;
}
