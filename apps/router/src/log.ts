import type { Runtime } from "@turnout/core";
import type { DestinationStream, Logger } from "pino";
import { destination, pino } from "pino";

/**
 * Fields that would hold a secret if anybody logged an object carelessly. Only where such an object would stand: every path
 * costs time on each line, and the line of a request is built from names and numbers alone.
 */
const secretFields = ["authorization", "apiKey", "accessToken", "refreshToken", "secret", "token", "keys", "headers"];

/** JSON lines; secrets are blanked even where one is logged by mistake. */
export function createLog(level: string, output: DestinationStream): Logger {
  return pino({ level, redact: { paths: secretFields, censor: "[redacted]" }, base: null }, output);
}

/** Bytes gathered before a write, where nobody watches: each write wakes another thread, which costs as much as ten lines. */
const gatheredBytes = 16_384;

/** Longest time a line waits for others, in milliseconds. */
const flushEveryMs = 250;

/** Standard error as a place for the log: at once on a terminal, gathered elsewhere. */
export interface LogOutput extends DestinationStream {
  /** Writes what is gathered; needed before the process ends. Resolves also when nobody takes it any more. */
  flushed(): Promise<void>;
}

export function createLogOutput(runtime: Runtime, isTerminal: boolean): LogOutput {
  const output = destination({
    dest: 2,
    sync: false,
    minLength: isTerminal ? 0 : gatheredBytes,
    maxWrite: 2 * gatheredBytes,
  });
  const flush = () => {
    output.flush();
    runtime.setTimer(flushEveryMs, flush);
  };
  if (!isTerminal) runtime.setTimer(flushEveryMs, flush);
  return {
    write: (line) => void output.write(line),
    // Not `flushSync`: with a closed pipe at the other end it tries for ever.
    flushed: () =>
      new Promise((resolve) => {
        output.flush(() => resolve());
      }),
  };
}
