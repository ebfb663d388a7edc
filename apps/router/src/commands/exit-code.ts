import { RouterError } from "@turnout/core";

/** What a command's exit code says. */
export const exitCodes = {
  done: 0,
  failed: 1,
  /** The command line or the config is wrong. */
  misused: 2,
  /** It worked, and an account needs a new login. */
  needsLogin: 3,
  /** Ctrl-C, as shells count it: 128 and the signal's number. */
  interrupted: 130,
} as const;

/** The reason of an abort by Ctrl-C, or by leaving a prompt. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  constructor() {
    super("Stopped");
  }
}

/** The code and the words for what a command threw. A fault of turnout itself keeps its stack. */
export function describeFailure(error: unknown): { readonly code: number; readonly text: string } {
  if (error instanceof Interrupted) return { code: exitCodes.interrupted, text: "Stopped" };
  if (error instanceof Error && error.name === "CLIError") {
    return { code: exitCodes.misused, text: `${error.message}\nSee turnout --help` };
  }
  if (!RouterError.is(error) || error.code === "internal") {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { code: exitCodes.failed, text: `turnout failed: ${text}` };
  }
  const isMisuse = error.code === "config-invalid" || error.code === "request-invalid";
  return { code: isMisuse ? exitCodes.misused : exitCodes.failed, text: error.message };
}
