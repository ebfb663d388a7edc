import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { onTestFinished } from "vitest";

const root = resolve(import.meta.dirname, "../../../..");

export interface RunOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** On a terminal of its own, where output and errors come together; needs `terminalPath`. */
  readonly terminal?: boolean;
}

/** The program that gives others a terminal (util-linux; elsewhere it is called otherwise); undefined where there is none. */
export const terminalPath = ["/usr/bin/script"].find((path) => process.platform === "linux" && existsSync(path));

/** A program of this workspace, run from its sources as a process of its own. */
export interface Program {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly errors: () => string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
  /** Waits until standard output matches. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** Waits until standard error matches. */
  untilError(pattern: RegExp): Promise<RegExpExecArray>;
}

function onTerminal(command: readonly string[]): readonly string[] {
  if (terminalPath === undefined) throw new Error("There is no program that gives others a terminal");
  const quoted = command.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(" ");
  // A new terminal has no size, and prompts would be wrapped at every character.
  return [terminalPath, "-qfec", `stty cols 110 rows 40; exec ${quoted}`, "/dev/null"];
}

/** @param file - Relative to the root of the workspace. */
export function runProgram(file: string, rawArguments: readonly string[], options: RunOptions = {}): Program {
  const command = [
    process.execPath,
    "--conditions=@turnout/source",
    "--import",
    resolve(root, "node_modules/tsx/dist/loader.mjs"),
    resolve(root, file),
    ...rawArguments,
  ];
  const environment = { PATH: process.env["PATH"], HOME: options.cwd ?? root, ...options.environment };
  const [program = "", ...rest] = options.terminal === true ? onTerminal(command) : command;
  const child = spawn(program, rest, { cwd: options.cwd ?? root, env: environment });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<number | null>((done) => child.on("close", done));
  onTestFinished(() => {
    if (child.exitCode === null) child.kill("SIGKILL");
  });
  const wait = (stream: Readable, said: () => string, pattern: RegExp) =>
    new Promise<RegExpExecArray>((found, failed) => {
      const look = () => {
        const match = pattern.exec(said());
        if (match !== null) found(match);
      };
      stream.on("data", look);
      child.on("close", () => failed(new Error(`The program ended without ${String(pattern)}: ${output}${errors}`)));
      look();
    });
  return {
    process: child,
    output: () => output,
    errors: () => errors,
    ended,
    until: (pattern) => wait(child.stdout, () => output, pattern),
    untilError: (pattern) => wait(child.stderr, () => errors, pattern),
  };
}
