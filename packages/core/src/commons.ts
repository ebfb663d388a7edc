/** Names one thing in a `Commons`, and says what it is. */
export interface CommonKey<T> {
  readonly name: string;
  /** Never called: it ties the key to the type of its thing. */
  readonly create: () => T;
}

/**
 * What executors of one provider hold in common although they come from different packages: what was learned of a
 * conversation over one transport helps when the next request takes another.
 */
export interface Commons {
  /** The thing of that key, made by `create` for the first who asks. */
  get<T>(key: CommonKey<T>): T;
}

/** @example `const seenModels: CommonKey<Set<string>> = { name: "acme seen models", create: () => new Set() };` */
export function createCommons(): Commons {
  // By the key itself: two packages that chose the same name do not meet by accident.
  const things = new Map<CommonKey<unknown>, unknown>();
  return {
    get: <T>(key: CommonKey<T>): T => {
      if (!things.has(key)) things.set(key, key.create());
      return things.get(key) as T;
    },
  };
}
