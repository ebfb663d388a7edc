/** How bad it is. `needs-login` is kept apart: it is nobody's mistake, and has its own exit code. */
export type Severity = "ok" | "note" | "problem" | "needs-login";

/** One thing the doctor has looked at. */
export interface Finding {
  /** What was looked at, for example `clock`. */
  readonly check: string;
  readonly severity: Severity;
  /** What was found. */
  readonly message: string;
  /** What to do; always there for problems. */
  readonly advice?: string;
}

export function ok(check: string, message: string): Finding {
  return { check, severity: "ok", message };
}

export function note(check: string, message: string, advice?: string): Finding {
  return { check, severity: "note", message, ...(advice !== undefined && { advice }) };
}

export function problem(check: string, message: string, advice: string): Finding {
  return { check, severity: "problem", message, advice };
}
