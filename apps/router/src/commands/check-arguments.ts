import { parseArgs } from "node:util";
import { RouterError } from "@turnout/core";
import type { ArgsDef } from "citty";
import { nearest } from "../config/known-keys.ts";

/**
 * Refuses what a command does not know: a mistyped `--prot` that is passed over in silence starts turnout on another port.
 *
 * @param definitions - The command's arguments. Strings take a value, booleans none, and also a `--no-` before their name.
 * @throws {RouterError} `config-invalid` for an unknown flag, one without its value, one with a value too many, or a word too many.
 */
export function checkArguments(rawArguments: readonly string[], definitions: ArgsDef): void {
  const flags = Object.entries(definitions).filter(([, { type }]) => type !== "positional");
  const names = flags.map(([name]) => name);
  const booleans = new Set(flags.filter(([, { type }]) => type === "boolean").map(([name]) => name));
  let words = Object.keys(definitions).length - flags.length;
  const options = Object.fromEntries(
    names.map((name) => [name, { type: booleans.has(name) ? ("boolean" as const) : ("string" as const) }]),
  );
  const { tokens } = parseArgs({
    args: [...rawArguments],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") {
      words -= 1;
      if (words < 0) throw misused(tooManyWords(token.value, definitions));
    }
    if (token.kind !== "option") continue;
    const positive = token.name.replace(/^no-/, "");
    if (booleans.has(positive)) {
      if (token.value !== undefined) throw misused(`Cannot use ${token.rawName}: it takes no value`);
      continue;
    }
    if (!names.includes(token.name)) throw misused(`Cannot use ${token.rawName}: ${hint(token.name, names)}`);
    // A flag takes the next word whatever it is, so a forgotten value would take the next flag.
    if (token.value === undefined || (!token.inlineValue && token.value.startsWith("--"))) {
      throw misused(`Cannot use ${token.rawName}: its value is missing`);
    }
  }
}

function tooManyWords(word: string, definitions: ArgsDef): string {
  const takesWords = Object.values(definitions).some(({ type }) => type === "positional");
  return `Cannot use "${word}": ${takesWords ? "a word too many; quote what belongs together" : "only flags are taken here"}`;
}

function hint(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? "no such flag; see turnout --help" : `no such flag; did you mean --${near}?`;
}

/** @throws {RouterError} `config-invalid` for what is no TCP port. */
export function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw misused(`Cannot use --port "${text}": not a number from 0 to 65535`);
}

function misused(message: string): RouterError {
  return new RouterError("config-invalid", message, {});
}
