import { RouterError } from "@turnout/core";
import type { CommandDef } from "citty";
import { nearest } from "../config/known-keys.ts";
import type { DocumentedCommand } from "./documented-command.ts";

/** The command a command line means. */
export interface FoundCommand {
  readonly command: DocumentedCommand;
  /** Its words, for example `["accounts", "use"]`. */
  readonly path: readonly string[];
  /** What is left for it. */
  readonly rest: readonly string[];
}

/** A command, or what loads it: one that only lists accounts need not load all providers. */
type LazyCommand = DocumentedCommand | (() => Promise<DocumentedCommand>);

/** The names and commands below one. */
export function subCommandsOf(command: CommandDef): ReadonlyMap<string, () => Promise<DocumentedCommand>> {
  const { subCommands = {} } = command;
  // Commands here declare what is below them as a plain object.
  const entries = Object.entries(subCommands as Readonly<Record<string, LazyCommand>>);
  return new Map(entries.map(([name, lazy]) => [name, async () => (typeof lazy === "function" ? lazy() : lazy)]));
}

/**
 * Walks from word to word, as long as they name commands. A word that names none is a mistake, unless the command has none
 * below it and takes words.
 *
 * @throws {RouterError} `config-invalid` for an unknown command, with the nearest known one.
 */
export async function findCommand(root: DocumentedCommand, rawArguments: readonly string[]): Promise<FoundCommand> {
  let command = root;
  let index = 0;
  for (;;) {
    const known = subCommandsOf(command);
    const word = rawArguments[index];
    if (word === undefined || word.startsWith("-") || known.size === 0) break;
    const load = known.get(word);
    if (load === undefined) throw unknownCommand([...rawArguments.slice(0, index), word], [...known.keys()]);
    command = await load();
    index += 1;
  }
  return { command, path: rawArguments.slice(0, index), rest: rawArguments.slice(index) };
}

function unknownCommand(words: readonly string[], known: readonly string[]): RouterError {
  const near = nearest(words.at(-1) ?? "", known);
  const meant = near === undefined ? "" : `, did you mean "turnout ${[...words.slice(0, -1), near].join(" ")}"?`;
  return new RouterError(
    "config-invalid",
    `There is no command "turnout ${words.join(" ")}"${meant} See turnout --help`,
    {},
  );
}
