import { type ArgsDef, parseArgs } from "citty";
import { describe, expect, test } from "vitest";
import { checkArguments } from "./check-arguments.ts";
import { type DocumentedCommand, renderHelp } from "./documented-command.ts";
import { findCommand, subCommandsOf } from "./find-command.ts";
import { rootCommand } from "./root-command.ts";

/** Every command with its words. */
async function allCommands(
  command: DocumentedCommand = rootCommand,
  path: readonly string[] = [],
): Promise<[string, DocumentedCommand][]> {
  const below = [...subCommandsOf(command)].map(async ([name, load]) => allCommands(await load(), [...path, name]));
  return [[path.join(" "), command], ...(await Promise.all(below)).flat()];
}

const commands = await allCommands();

describe("findCommand()", () => {
  test("walks down to the command, and leaves it the rest", async () => {
    const found = await findCommand(rootCommand, ["accounts", "use", "work", "--json"]);
    expect(found).toMatchObject({ path: ["accounts", "use"], rest: ["work", "--json"] });
    expect(await findCommand(rootCommand, ["accounts", "--json"])).toMatchObject({
      path: ["accounts"],
      rest: ["--json"],
    });
  });

  test.each([
    [["acounts"], 'There is no command "turnout acounts", did you mean "turnout accounts"? See turnout --help'],
    [
      ["accounts", "renme", "a"],
      'There is no command "turnout accounts renme", did you mean "turnout accounts rename"? See',
    ],
    [["constructor"], 'There is no command "turnout constructor" See turnout --help'],
  ])("says what was meant by %j", async (words, message) => {
    await expect(findCommand(rootCommand, words)).rejects.toThrow(message);
  });
});

describe.each(commands)("turnout %s", (path, command) => {
  test("has a help that says what it does, with examples", async () => {
    const help = await renderHelp(command);
    expect(help).toContain(`turnout${path === "" ? "" : ` ${path}`}`);
    expect(help).not.toMatch(/undefined|[ \t]\n/);
    expect(help).not.toContain("\u001B");
    expect(help).toContain("EXAMPLES");
  });

  test("has examples that are commands with arguments it takes, and with no secret", async () => {
    for (const [line] of command.examples ?? []) {
      const words = /(?:^|\| )turnout ?([^|<>]*)/.exec(line)?.[1]?.match(/"[^"]*"|[^ ]+/g) ?? [];
      const found = await findCommand(rootCommand, words.length === 0 ? ["serve"] : words);
      const { args = {} } = found.command;
      expect(() => checkArguments(found.rest, args as ArgsDef), line).not.toThrow();
      expect(() => parseArgs([...found.rest], args as ArgsDef), line).not.toThrow();
      expect(line).not.toMatch(/sk-|tk_|rt_/);
    }
  });
});
