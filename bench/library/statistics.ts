/**
 * The value below which `share` of the values lie (nearest rank).
 *
 * @param share - 0 to 1; 0.5 is the median of an odd number of values.
 * @throws {RangeError} when there are no values.
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
  if (value === undefined) throw new RangeError("Cannot take a percentile: there are no values");
  return value;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
