import { createInterface } from "node:readline";
import { isCancel, text } from "@clack/prompts";
import type { Terminal } from "./terminal.ts";

/**
 * Lets somebody paste lines while something else is waited for.
 *
 * @param take - Gets each line. What it throws is told, and the next line may do better.
 * @param stop - Called when the user leaves the prompt.
 * @returns Ends it.
 */
export function acceptPastedLines(terminal: Terminal, take: (line: string) => void, stop: () => void): () => void {
  const ended = new AbortController();
  if (terminal.interactive) void prompt(take, stop, ended.signal);
  else readLines(terminal, take, ended.signal);
  return () => ended.abort();
}

async function prompt(take: (line: string) => void, stop: () => void, signal: AbortSignal): Promise<void> {
  const line = await text({
    message: "Waiting for the browser. If it cannot come back, paste the address it ended on here.",
    output: process.stderr,
    signal,
    validate: (value) => {
      try {
        take(value ?? "");
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  });
  // Ended from outside, a prompt is cancelled too.
  if (isCancel(line) && !signal.aborted) stop();
}

function readLines(terminal: Terminal, take: (line: string) => void, signal: AbortSignal): void {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    if (signal.aborted || line.trim() === "") return;
    try {
      take(line);
    } catch (error) {
      terminal.say(error instanceof Error ? error.message : String(error));
    }
  });
  signal.addEventListener("abort", () => {
    lines.close();
    // Otherwise an open pipe would keep the process.
    process.stdin.destroy();
  });
}
