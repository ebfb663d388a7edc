/** One thing a translation could not carry over exactly. */
export interface Loss {
  /** Where it stood in the source document, as `messages[2].content[0].image_url`. */
  readonly path: string;
  /** Why, in a few words a user understands. */
  readonly reason: string;
}

/** What a translation changed: nothing is lost in silence. */
export interface TranslationReport {
  /** Carried over in another shape that means nearly the same. */
  readonly approximated: readonly Loss[];
  /** Left out: the target has no place for it. */
  readonly dropped: readonly Loss[];
}

/** A translated value with the report on how true it is. */
export interface Translated<T> {
  readonly value: T;
  readonly report: TranslationReport;
}
