import { spawn } from "node:child_process";
import path from "node:path";
import type { CheckResult } from "./check.ts";

export interface CommandResult {
  readonly code: number;
  /** Standard output and error as they came. */
  readonly output: string;
}

/**
 * Runs a program without a shell and collects what it prints.
 *
 * @param root - Working directory; its `node_modules/.bin` comes first on the PATH.
 * @param command - Program and arguments.
 */
export function runCommand(root: string, command: readonly string[]): Promise<CommandResult> {
  const [program = "", ...parameters] = command;
  const environment = {
    ...process.env,
    PATH: `${path.join(root, "node_modules", ".bin")}${path.delimiter}${process.env["PATH"] ?? ""}`,
    NO_COLOR: "1",
    FORCE_COLOR: undefined,
    TURBO_TELEMETRY_DISABLED: "1",
  };
  return new Promise((resolve) => {
    const child = spawn(program, parameters, { cwd: root, env: environment, stdio: ["ignore", "pipe", "pipe"] });
    const pieces: Buffer[] = [];
    child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
    child.stderr.on("data", (piece: Buffer) => pieces.push(piece));
    child.on("error", (error) => resolve({ code: 127, output: `Cannot run ${program}: ${error.message}` }));
    child.on("close", (code) => resolve({ code: code ?? 1, output: Buffer.concat(pieces).toString("utf8") }));
  });
}

/** Runs a program; what it printed is the problem when it fails. */
export async function commandResult(root: string, command: readonly string[]): Promise<CheckResult> {
  const { code, output } = await runCommand(root, command);
  return { problems: code === 0 ? [] : [`${command.join(" ")} ended with ${code}\n${output.trimEnd()}`] };
}
