import { type DocumentedCommand, renderHelp } from "../apps/router/src/commands/documented-command.ts";
import { subCommandsOf } from "../apps/router/src/commands/find-command.ts";
import { rootCommand } from "../apps/router/src/commands/root-command.ts";

/** What `--help` says, of every command, for the README of the program. */
export async function renderCommands(): Promise<string> {
  const sections = await sectionsOf(rootCommand, ["turnout"]);
  return sections.join("\n\n");
}

async function sectionsOf(command: DocumentedCommand, path: readonly string[]): Promise<string[]> {
  const help = await renderHelp(command);
  const own = `### ${path.join(" ")}\n\n\`\`\`text\n${help.trim()}\n\`\`\``;
  const below: string[] = [];
  for (const [name, load] of subCommandsOf(command)) below.push(...(await sectionsOf(await load(), [...path, name])));
  return [own, ...below];
}
