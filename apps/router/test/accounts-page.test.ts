import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { ArgsDef } from "citty";
import { expect, test } from "vitest";
import { checkArguments } from "../src/commands/check-arguments.ts";
import { findCommand } from "../src/commands/find-command.ts";
import { rootCommand } from "../src/commands/root-command.ts";
import { findSecrets } from "./support/find-secrets.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../../docs/accounts.md"), "utf8");
const commands = [...page.matchAll(/^\$ (?:.*\| )?turnout (.+)$/gm)].map((match) => match[1] ?? "");

test("docs/accounts.md shows the commands of a whole life with accounts", () => {
  const first = new Set(commands.map((line) => line.split(" ")[0]));
  expect(first).toEqual(new Set(["accounts", "doctor", "import", "keys", "login", "logout"]));
});

test.each(commands)("docs/accounts.md: turnout %s is a command with such arguments", async (line) => {
  const words = (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ""));
  const { command, rest } = await findCommand(rootCommand, words);
  expect(() => checkArguments(rest, (command.args ?? {}) as ArgsDef)).not.toThrow();
});

test("docs/accounts.md shows no secret", () => {
  expect(findSecrets("docs/accounts.md", page)).toEqual([]);
});
