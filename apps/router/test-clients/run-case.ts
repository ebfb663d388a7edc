import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Installed } from "./client-cache.ts";
import type { ClientProgram, Invocation, Way } from "./client-program.ts";
import { type House, openHouse } from "./house.ts";
import { judgeHouse } from "./judge-house.ts";
import { type ProcessResult, runProcess } from "./run-process.ts";
import { createTask, judgeTask, type Task } from "./task.ts";
import type { Upstream } from "./upstreams.ts";

/** A client, one of its ways to ask, and what stands behind the router. */
export interface Case {
  readonly client: ClientProgram;
  readonly way: Way;
  readonly upstream: Upstream;
}

export interface CaseResult {
  /** What went wrong; empty when it passed. */
  readonly problems: readonly string[];
  /** Why only one turn was tried. */
  readonly oneTurn?: string;
  /** All turns together. */
  readonly milliseconds: number;
  /** Requests the router sent upstream. */
  readonly upstreamRequests: number;
  /** Fields that could not be carried as they were, each once: `path: reason`. */
  readonly losses: readonly string[];
  /** Hosts beyond this machine that the client tried to reach, in vain. */
  readonly askedFor: readonly string[];
}

/** Two turns; each is a process of its own that continues the conversation, unless the client has them all in one. */
const turns = [1, 2];

/** Clients take seconds; a busy machine may take far longer. */
const turnLimitMs = 120_000;

/** Lets a client do two tasks in one conversation, and looks at everything that came of it. */
export async function runCase(installed: Installed, { client, way, upstream }: Case): Promise<CaseResult> {
  const house = await openHouse(upstream);
  try {
    const invocation = client.invocation({ ...house, model: upstream.model, way });
    writeFiles(house.home, invocation.files);
    const limit = client.oneTurn?.[upstream.id];
    const tasks = (limit === undefined ? turns : turns.slice(0, 1)).map((turn) => createTask(client, turn));
    const run = invocation.converse === undefined ? runProcesses : runOneProcess;
    const { results, problems, processes } = await run({ client, installed, invocation, house, tasks });
    await house.stopRouter();
    problems.push(...judgeHouse({ house, way, upstream, tasks, processes }));
    problems.push(...(invocation.judgeHome?.(house.home) ?? []));
    return {
      problems,
      ...(limit !== undefined && { oneTurn: limit }),
      milliseconds: results.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
      upstreamRequests: house.upstreamRequests.length,
      losses: lossesOf(house),
      askedFor: [...house.outside.askedFor].toSorted(),
    };
  } finally {
    await house.close();
  }
}

interface Run {
  readonly client: ClientProgram;
  readonly installed: Installed;
  readonly invocation: Invocation;
  readonly house: House;
  readonly tasks: readonly Task[];
}

interface RunResult {
  readonly results: readonly ProcessResult[];
  readonly processes: number;
  readonly problems: string[];
}

/** A process for each task, until one goes wrong. */
async function runProcesses(run: Run): Promise<RunResult> {
  const results: ProcessResult[] = [];
  const problems: string[] = [];
  for (const [index, task] of run.tasks.entries()) {
    const turn = index + 1;
    const result = await runProcess({ ...processOptions(run, task.prompt, turn), limitMs: turnLimitMs });
    results.push(result);
    const found = [...judgeTurn(result, task, run.house), ...(run.invocation.judgeOutput?.(result.output) ?? [])];
    problems.push(...found.map((problem) => `turn ${turn}: ${problem}`));
    if (problems.length > 0) break;
  }
  return { results, processes: results.length, problems };
}

/** One process that is given the tasks one after the other. */
async function runOneProcess(run: Run): Promise<RunResult> {
  const outputs: string[] = [];
  const result = await runProcess({
    ...processOptions(run, "", 1),
    limitMs: turnLimitMs * run.tasks.length,
    talk: async (conversation) => {
      for (const [index, { prompt }] of run.tasks.entries()) {
        outputs.push((await run.invocation.converse?.(conversation, prompt, index + 1)) ?? "");
      }
    },
  });
  const problems = run.tasks.flatMap((task, index) => {
    const output = outputs[index];
    if (output === undefined) return judgeTurn({ ...result, code: undefined }, task, run.house);
    return judgeTask(task, run.house.work, output);
  });
  return { results: [result], processes: 1, problems };
}

function processOptions({ client, installed, invocation, house }: Run, prompt: string, turn: number) {
  return {
    command: [...client.start(installed), ...invocation.commandLine(prompt, turn)],
    cwd: house.work,
    environment: { ...commonEnvironment(house), ...invocation.environment },
  };
}

function writeFiles(home: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(home, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

function commonEnvironment({ home, outside }: House): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    XDG_CONFIG_HOME: path.join(home, ".config"),
    XDG_DATA_HOME: path.join(home, ".local", "share"),
    XDG_STATE_HOME: path.join(home, ".local", "state"),
    XDG_CACHE_HOME: path.join(home, ".cache"),
    TMPDIR: home,
    TERM: "dumb",
    NO_COLOR: "1",
    CI: "true",
    HTTP_PROXY: outside.url,
    HTTPS_PROXY: outside.url,
    http_proxy: outside.url,
    https_proxy: outside.url,
    NO_PROXY: "127.0.0.1,localhost",
    no_proxy: "127.0.0.1,localhost",
  };
}

function judgeTurn(result: ProcessResult, task: Task, { work }: House): string[] {
  const words = () => `${result.output.slice(-300)}${result.errors.slice(-700)}`.trim();
  if (result.timedOut) return [`did not end within ${turnLimitMs / 1_000} s: ${words()}`];
  if (result.code !== 0) return [`ended with ${result.code ?? "a signal"}: ${words()}`];
  return judgeTask(task, work, result.output);
}

function lossesOf({ log }: House): string[] {
  const losses = log.flatMap(({ losses: lost }) => [...(lost?.dropped ?? []), ...(lost?.approximated ?? [])]);
  return [
    ...new Set(losses.map(({ path: where, reason }) => `${where.replaceAll(/\d+/gu, "N")}: ${reason}`)),
  ].toSorted();
}
