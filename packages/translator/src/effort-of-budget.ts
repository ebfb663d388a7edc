/**
 * A number of tokens for thoughts as an effort; thresholds of translation.md 2.10.
 *
 * @returns Undefined for a negative one, which leaves the amount to the model.
 */
export function effortOfBudget(budget: number): string | undefined {
  if (budget < 0) return undefined;
  if (budget === 0) return "none";
  if (budget <= 1024) return "minimal";
  if (budget <= 2048) return "low";
  if (budget <= 8192) return "medium";
  return budget <= 16_384 ? "high" : "xhigh";
}
