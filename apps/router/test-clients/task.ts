import { randomInt } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { ClientProgram } from "./client-program.ts";

/** One thing the client is asked to do, which cannot be faked: only running the command brings out the proof. */
export interface Task {
  readonly prompt: string;
  /** A number that stands nowhere in the prompt. */
  readonly proof: string;
  /** Where the command writes the proof, in the working folder. */
  readonly file: string;
}

/** A task for the client's shell; the sandbox thinks first, then calls the tool, then quotes what it answered. */
export function createTask(client: ClientProgram, turn: number): Task {
  const big = randomInt(1_000, 9_000) * 1_000_000;
  const small = randomInt(100_000, 900_000);
  const file = `proof-${turn}.txt`;
  const call = client.shellCall(`expr ${big} + ${small} | tee ${file}`);
  const thought = `[[think: Turn ${turn} asks for a sum, and the shell can add.]]`;
  return {
    prompt: `Add two numbers. ${thought} [[tool: ${call.tool} ${JSON.stringify(call.arguments)}]]`,
    proof: String(big + small),
    file,
  };
}

/** What is wrong with the way a task was done; empty when nothing is. */
export function judgeTask(task: Task, work: string, output: string): string[] {
  const file = path.join(work, task.file);
  const written = existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
  const problems: string[] = [];
  if (written !== task.proof) problems.push(`the tool did not run: ${task.file} holds ${written ?? "nothing"}`);
  const quoted = /The tool \S+ answered:(?<quote>[\s\S]*)/u.exec(output)?.groups?.["quote"] ?? "";
  if (!quoted.includes(task.proof))
    problems.push(`the final answer does not quote the tool: ${output.slice(-300).trim()}`);
  return problems;
}
