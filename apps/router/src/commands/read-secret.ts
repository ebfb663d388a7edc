import { isCancel, password } from "@clack/prompts";
import { isSecretReference, isUsableSecret } from "@turnout/auth";
import { RouterError } from "@turnout/core";
import { Interrupted } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

/** A key is short; whoever pipes more pipes something else. */
const mostStdinBytes = 65_536;

/**
 * The API key somebody gives, by one of the ways that leave no trace: typed unseen, piped in, or by the name of an
 * environment variable. Never as an argument: those are seen by everybody on the machine, and kept by the shell.
 *
 * @param source - `-` for standard input, `env:NAME`, or undefined to ask.
 * @throws {RouterError} `request-invalid` when it is given another way, or is no key.
 */
export async function readSecret(source: string | undefined, terminal: Terminal, signal: AbortSignal): Promise<string> {
  if (source !== undefined && isSecretReference(source)) return source;
  if (source !== undefined && source !== "-") {
    const ways = "type it when asked, pipe it in with --api-key -, or name its variable with --api-key env:NAME";
    throw misused(`an argument can be seen by everybody on this machine: ${ways}`);
  }
  const secret = source === "-" ? await readStdin() : await ask(terminal, signal);
  if (isUsableSecret(secret)) return secret;
  throw misused(secret === "" ? "it is empty" : "it holds spaces, line breaks or other signs that no key has");
}

async function ask(terminal: Terminal, signal: AbortSignal): Promise<string> {
  if (!terminal.interactive) throw misused("there is no terminal to ask on; pipe it in with --api-key -");
  const typed = await password({ message: "API key (not shown)", output: process.stderr, signal });
  if (isCancel(typed)) throw new Interrupted();
  return (typed ?? "").trim();
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  const source: AsyncIterable<Buffer> = process.stdin;
  for await (const chunk of source) {
    length += chunk.length;
    if (length > mostStdinBytes) throw misused("standard input holds more than a key");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8").trim();
}

function misused(reason: string): RouterError {
  return new RouterError("request-invalid", `Cannot take the API key: ${reason}`, {});
}
