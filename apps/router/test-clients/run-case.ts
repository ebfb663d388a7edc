import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Installed } from "./client-cache.ts";
import type { ClientProgram } from "./client-program.ts";
import { type House, openHouse } from "./house.ts";
import { type ProcessResult, runProcess } from "./run-process.ts";
import { createTask, judgeTask, type Task } from "./task.ts";
import type { Upstream } from "./upstreams.ts";

/** A client, a format it speaks, and what stands behind the router. */
export interface Case {
  readonly client: ClientProgram;
  readonly wire: string;
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

/** Two turns, each a process of its own, the second continuing the conversation of the first. */
const turns = [1, 2];

/** Clients take seconds; a busy machine may take far longer. */
const turnLimitMs = 120_000;

/** Lets a client do two tasks in one conversation, and looks at everything that came of it. */
export async function runCase(installed: Installed, { client, wire, upstream }: Case): Promise<CaseResult> {
  const house = await openHouse(upstream);
  try {
    const invocation = client.invocation({ ...house, model: upstream.model, wire });
    writeFiles(house.home, invocation.files);
    const environment = { ...commonEnvironment(house), ...invocation.environment };
    const tasks: Task[] = [];
    const problems: string[] = [];
    let milliseconds = 0;
    const limit = client.oneTurn?.[upstream.id];
    for (const turn of limit === undefined ? turns : turns.slice(0, 1)) {
      const task = createTask(client, turn);
      tasks.push(task);
      const result = await runProcess({
        command: [...client.start(installed), ...invocation.commandLine(task.prompt, turn)],
        cwd: house.work,
        environment,
        limitMs: turnLimitMs,
      });
      milliseconds += result.milliseconds;
      problems.push(...judgeTurn(result, task, house).map((problem) => `turn ${turn}: ${problem}`));
      if (problems.length > 0) break;
    }
    problems.push(...judgeHouse(house, wire, upstream, tasks));
    return {
      problems,
      ...(limit !== undefined && { oneTurn: limit }),
      milliseconds,
      upstreamRequests: house.upstreamRequests.length,
      losses: lossesOf(house),
      askedFor: [...house.outside.askedFor].toSorted(),
    };
  } finally {
    await house.close();
  }
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

/** What router and upstream saw: no refusal, no retry, the right languages, and the history in the second turn. */
function judgeHouse(house: House, wire: string, upstream: Upstream, tasks: readonly Task[]): string[] {
  const problems: string[] = [];
  for (const line of house.log) {
    if (line.level > 30) problems.push(`log: ${JSON.stringify(line)}`);
    else if (line.wire !== undefined && line.wire !== wire) problems.push(`log: spoke ${line.wire} instead of ${wire}`);
  }
  const asked = house.upstreamRequests.filter((request) => request.kind === "response");
  for (const { path: where, outcome, status, body } of asked) {
    if (!upstream.path.test(where)) problems.push(`upstream: asked at ${where}`);
    if (outcome !== "completed") {
      problems.push(`upstream: ${outcome} with ${status ?? "no status"}: ${JSON.stringify(body).slice(0, 300)}`);
    }
  }
  const [first] = tasks;
  const last = asked.at(-1);
  if (first !== undefined && !JSON.stringify([last?.body, last?.input]).includes(first.proof)) {
    problems.push("upstream: the last request does not hold the first tool's answer");
  }
  return problems;
}

function lossesOf({ log }: House): string[] {
  const losses = log.flatMap(({ losses: lost }) => [...(lost?.dropped ?? []), ...(lost?.approximated ?? [])]);
  return [
    ...new Set(losses.map(({ path: where, reason }) => `${where.replaceAll(/\d+/gu, "N")}: ${reason}`)),
  ].toSorted();
}
