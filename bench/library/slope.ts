/**
 * Slope of the line that fits points best (least squares).
 *
 * @throws {RangeError} when there are fewer than two points, or all at one place.
 */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(points.map((point) => point.x));
  const y = mean(points.map((point) => point.y));
  const spread = points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
  if (points.length < 2 || spread === 0) throw new RangeError("Cannot fit a line: too few points");
  return points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0) / spread;
}
