import type { Check, CheckResult } from "./check.ts";

/**
 * The named checks and what they need, in the order of `checks`.
 *
 * @param names - Default: all.
 * @throws {Error} for a name that no check has.
 */
export function selectChecks(checks: readonly Check[], names: readonly string[] | undefined): readonly Check[] {
  if (names === undefined) return checks;
  const wanted = new Set<string>();
  const want = (name: string) => {
    const check = checks.find((candidate) => candidate.name === name);
    if (check === undefined) {
      throw new Error(`Cannot check "${name}": the checks are ${checks.map((known) => known.name).join(", ")}`);
    }
    wanted.add(name);
    check.needs?.forEach(want);
  };
  names.forEach(want);
  return checks.filter((check) => wanted.has(check.name));
}

/** A check that breaks has found a problem, too: what broke it. */
async function runCheck(check: Check, root: string): Promise<CheckResult> {
  try {
    return await check.run(root);
  } catch (error) {
    return { problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)] };
  }
}

function indent(text: string): string {
  return text.replaceAll(/^/gmu, "       ");
}

/**
 * Runs checks one after the other and prints a line for each; a failing one does not stop those that do not need it.
 *
 * @returns Whether all passed.
 */
export async function runChecks(
  checks: readonly Check[],
  root: string,
  print: (line: string) => void,
): Promise<boolean> {
  const failed: string[] = [];
  for (const check of checks) {
    const missing = check.needs?.find((name) => failed.includes(name));
    if (missing !== undefined) {
      failed.push(check.name);
      print(`skip   ${check.name}: needs ${missing}`);
      continue;
    }
    const startedAt = performance.now();
    const { problems, notes = [] } = await runCheck(check, root);
    const seconds = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
    if (problems.length > 0) failed.push(check.name);
    print(
      `${problems.length === 0 ? "ok  " : "FAIL"}   ${check.name.padEnd(14)} ${seconds.padStart(7)}   ${check.title}`,
    );
    for (const text of [...problems, ...notes.map((note) => `note: ${note}`)]) print(indent(text));
  }
  print(failed.length === 0 ? `All ${checks.length} checks passed` : `Failed: ${failed.join(", ")}`);
  return failed.length === 0;
}
