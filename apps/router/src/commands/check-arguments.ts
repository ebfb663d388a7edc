import { parseArgs } from "node:util";
import { RouterError } from "@turnout/core";
import { nearest } from "../config/known-keys.ts";

/**
 * Refuses what a command does not know: a mistyped `--prot` that is passed over in silence starts turnout on another port.
 *
 * @param names - The command's flags; each takes a value.
 * @throws {RouterError} `config-invalid` for an unknown flag, one without its value, or a word too many.
 */
export function checkArguments(rawArguments: readonly string[], names: readonly string[]): void {
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  const { tokens } = parseArgs({
    args: [...rawArguments],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") throw misused(`Cannot use "${token.value}": only flags are taken here`);
    if (token.kind !== "option") continue;
    if (!names.includes(token.name)) throw misused(`Cannot use ${token.rawName}: ${hint(token.name, names)}`);
    // A flag takes the next word whatever it is, so a forgotten value would take the next flag.
    if (token.value === undefined || (!token.inlineValue && token.value.startsWith("--"))) {
      throw misused(`Cannot use ${token.rawName}: its value is missing`);
    }
  }
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
