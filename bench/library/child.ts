import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { readyId } from "./serve-commands.ts";

export const root = path.resolve(import.meta.dirname, "../..");

const usageSchema = z.object({
  cpuMicroseconds: z.number(),
  rss: z.number(),
  heapUsed: z.number(),
  /** `arrayBuffers` included. */
  external: z.number(),
  arrayBuffers: z.number(),
  /** What keeps the process alive, by kind: timers, sockets, servers. */
  resources: z.record(z.string(), z.number()),
});

/** What a process has used so far: CPU time of all its threads, and bytes. */
export type Usage = z.infer<typeof usageSchema>;

const replySchema = z.object({
  id: z.number(),
  probe: z.string().optional(),
  result: z.unknown().optional(),
  error: z.string().optional(),
});

/** How a process came to its end. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It was asked to stop, did not, and was killed. */
  readonly forced: boolean;
}

/** A process of the benchmark. It ends with the benchmark, however that ends. */
export interface Child {
  readonly name: string;
  /** Asks a process that was started with `serveCommands`; the answer is checked by `schema`. */
  ask<Schema extends z.ZodType>(schema: Schema, command: string, parameters?: object): Promise<z.output<Schema>>;
  /** `collect` runs the garbage collector first. */
  usage(collect?: "collect"): Promise<Usage>;
  /** What it has written to standard output and standard error so far. */
  written(): string;
  /** Asks it to stop, and kills it when it does not. */
  stop(): Promise<Ending>;
}

export interface ChildOptions {
  readonly name: string;
  /** The program, relative to the root; `.ts` is run by tsx, `.js` by Node alone. */
  readonly program: string;
  readonly parameters?: readonly string[];
  /** Further options for Node, for example `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** The longest single measurement takes some seconds. */
const answerTimeoutMs = 60_000;
/** A router lets running answers end first. */
const stopTimeoutMs = 5_000;

const logFolder = mkdtempSync(path.join(tmpdir(), "turnout-bench-"));
process.on("exit", () => rmSync(logFolder, { recursive: true, force: true }));

const running = new Set<Child>();

/** Ends every process that was started here and has not ended. While one runs, this process does not end by itself. */
export async function stopChildren(): Promise<void> {
  await Promise.all([...running].map((child) => child.stop()));
}

export function startChild({ name, program, parameters = [], nodeOptions = [], environment }: ChildOptions): Child {
  const probe = pathToFileURL(path.join(root, "bench/processes/probe.mjs")).href;
  const loader = program.endsWith(".ts") ? ["--import", "tsx"] : [];
  const options = ["--expose-gc", ...nodeOptions, ...loader, "--import", probe];
  const log = path.join(logFolder, `${name.replaceAll(/\W+/gu, "-")}.log`);
  const output = openSync(log, "w");
  const child = spawn(process.execPath, [...options, program, ...parameters], {
    cwd: root,
    env: { ...process.env, ...environment },
    // The log is written as it would be in daily use: it is part of the work.
    stdio: ["ignore", output, output, "ipc"],
  });
  closeSync(output);
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  // The probe listens before the program does, so that a question asked too early would be heard by nobody.
  const ready = new Promise<unknown>((resolve, reject) => waiting.set(readyId, { resolve, reject }));
  ready.catch(() => undefined); // Whoever asks gets the failure.
  let lastId = readyId;
  const lastWords = () => self.written().slice(-2_000);

  child.on("message", (message) => {
    const reply = replySchema.parse(message);
    const pending = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.error === undefined) pending?.resolve(reply.result);
    else pending?.reject(new Error(`${name}: ${reply.error}`));
  });
  const ended = new Promise<Omit<Ending, "forced">>((resolve) => {
    child.on("exit", (code, signal) => {
      for (const { reject } of waiting.values()) {
        reject(new Error(`${name} ended with ${code ?? signal}: ${lastWords()}`));
      }
      waiting.clear();
      resolve({ code, signal });
    });
  });

  function send(message: object): Promise<unknown> {
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(new Error(`${name} did not answer within ${answerTimeoutMs} ms; it said: ${lastWords()}`));
      }, answerTimeoutMs);
      const settle = (action: () => void) => {
        clearTimeout(timer);
        action();
      };
      waiting.set(id, {
        resolve: (value) => settle(() => resolve(value)),
        reject: (error) => settle(() => reject(error)),
      });
      child.send({ ...message, id }, (error) => {
        if (error !== null) reject(new Error(`Cannot ask ${name}: ${error.message}; it said: ${lastWords()}`));
      });
    });
  }

  const self: Child = {
    name,
    async ask(schema, command, given = {}) {
      await ready;
      return schema.parse(await send({ command, parameters: given }));
    },
    usage: async (collect) => usageSchema.parse(await send({ probe: collect ?? "usage" })),
    written: () => readFileSync(log, "utf8"),
    async stop() {
      let forced = false;
      child.kill("SIGTERM");
      const timer = setTimeout(() => {
        forced = true;
        child.kill("SIGKILL");
      }, stopTimeoutMs);
      const ending = await ended;
      clearTimeout(timer);
      return { ...ending, forced };
    },
  };
  running.add(self);
  void ended.then(() => running.delete(self));
  return self;
}
