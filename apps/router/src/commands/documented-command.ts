import { stripVTControlCharacters } from "node:util";
import { type ArgsDef, type CommandDef, renderUsage } from "citty";

/** A command line and what it does. */
export type Example = readonly [command: string, does: string];

/** A command with examples for its help. */
export type DocumentedCommand<Arguments extends ArgsDef = ArgsDef> = CommandDef<Arguments> & {
  readonly examples?: readonly Example[];
};

/** Adds examples to a command; they are shown by `--help`, and a test looks that they are understood. */
export function withExamples<Arguments extends ArgsDef>(
  command: CommandDef<Arguments>,
  examples: readonly Example[],
): DocumentedCommand<Arguments> {
  return { ...command, examples };
}

/** What `--help` shows, without colours. */
export async function renderHelp(command: DocumentedCommand): Promise<string> {
  const usage = stripVTControlCharacters(await renderUsage(command))
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
  const { examples = [] } = command;
  if (examples.length === 0) return `${usage}\n`;
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, does]) => `  ${line.padEnd(width)}  ${does}`.trimEnd());
  return `${usage}\n\nEXAMPLES\n\n${lines.join("\n")}\n`;
}
