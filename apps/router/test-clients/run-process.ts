import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface ProcessOptions {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** After so many milliseconds it is killed. */
  readonly limitMs: number;
  /** Talks to it over its standard input and output; when that is done, its input ends. Default: it has no input. */
  readonly talk?: (conversation: Conversation) => Promise<void>;
}

/** A running program that is talked to line by line. */
export interface Conversation {
  write(line: string): void;
  /** @throws {Error} when its output has ended. */
  readLine(): Promise<string>;
}

export interface ProcessResult {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly timedOut: boolean;
  readonly output: string;
  readonly errors: string;
  readonly milliseconds: number;
}

/** Groups of processes that are running; ended when this one ends, however that comes. */
const groups = new Set<number>();

function endGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    // ESRCH: all of them are gone already.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

process.on("exit", () => groups.forEach(endGroup));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

/** As much of an output as is kept: its end. */
const maximumLength = 1024 * 1024;

async function talkTo(
  { stdin, stdout }: ChildProcessWithoutNullStreams,
  talk: (conversation: Conversation) => Promise<void>,
): Promise<void> {
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  try {
    await talk({
      write: (line) => void stdin.write(`${line}\n`),
      readLine: async () => {
        const next = await lines.next();
        if (next.done === true) throw new Error("It ended in the middle of the conversation");
        return next.value;
      },
    });
  } finally {
    stdin.end();
  }
}

/**
 * Runs a program in a process group of its own. When it ends, or its time is up, the whole group is
 * killed: nothing it has started is left over.
 */
export function runProcess(options: ProcessOptions): Promise<ProcessResult> {
  const [program = "", ...parameters] = options.command;
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const child = spawn(program, parameters, {
      cwd: options.cwd,
      env: { ...options.environment },
      stdio: "pipe",
      detached: true,
    });
    const leader = child.pid;
    if (leader !== undefined) groups.add(leader);
    let output = "";
    let errors = "";
    let timedOut = false;
    // It may be gone when it is written to; that it is shows in what it answers.
    child.stdin.on("error", () => undefined);
    if (options.talk === undefined) child.stdin.end();
    else void talkTo(child, options.talk).catch((error: unknown) => (errors += String(error)));
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output = (output + text).slice(-maximumLength)));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-maximumLength)));
    const end = () => {
      if (leader !== undefined) endGroup(leader);
    };
    const limit = setTimeout(() => {
      timedOut = true;
      end();
    }, options.limitMs);
    const done = (code: number | undefined) => {
      clearTimeout(limit);
      if (leader !== undefined) groups.delete(leader);
      resolve({ code, timedOut, output, errors, milliseconds: Math.round(performance.now() - startedAt) });
    };
    child.on("error", (error) => {
      errors += error.message;
      done(undefined);
    });
    // What it left behind may hold its pipes open: it goes with it.
    child.on("exit", end);
    child.on("close", (code) => done(code ?? undefined));
  });
}
