/** Neither absent nor `null`, which clients write for "not set". */
export function isSet<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}
