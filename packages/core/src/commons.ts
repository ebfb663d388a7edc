/** Names one thing in a `Commons`. */
export interface CommonKey<T> {
  readonly name: string;
  /** Never set: it ties the key to the type of its thing. */
  readonly type?: T;
}

/**
 * What executors of one provider hold in common although they come from different packages: what was learned of a
 * conversation over one transport helps when the next request takes another.
 */
export interface Commons {
  /** The thing of that key; the first who asks makes it. */
  get<T>(key: CommonKey<T>, create: () => T): T;
}

/**
 * A Commons.
 *
 * @example
 * ```ts
 * const seenModels: CommonKey<Set<string>> = { name: "models seen" };
 * const seen = commons.get(seenModels, () => new Set());
 * ```
 */
export function createCommons(): Commons {
  // By the key itself: two packages that chose the same name do not meet by accident.
  const things = new Map<CommonKey<unknown>, unknown>();
  return {
    get: <T>(key: CommonKey<T>, create: () => T): T => {
      if (!things.has(key)) things.set(key, create());
      return things.get(key) as T;
    },
  };
}
