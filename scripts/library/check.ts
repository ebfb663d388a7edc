/** What a check found. No problems means that it passes. */
export interface CheckResult {
  /** One line or block each, starting with the file they are about. */
  readonly problems: readonly string[];
  /** Shown also when the check passes. */
  readonly notes?: readonly string[];
}

/** One step of `pnpm check`. */
export interface Check {
  /** Short name for `--only=`. */
  readonly name: string;
  /** What it makes sure of, in a few words. */
  readonly title: string;
  /** Names of checks that must have passed before. */
  readonly needs?: readonly string[];
  /**
   * @param root - Absolute path of the repository, or of a small copy of one in tests.
   */
  run(root: string): CheckResult | Promise<CheckResult>;
}
