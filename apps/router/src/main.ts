#!/usr/bin/env node
import { RouterError } from "@turnout/core";
import { type ArgsDef, runCommand } from "citty";
import { checkArguments } from "./commands/check-arguments.ts";
import { renderHelp } from "./commands/documented-command.ts";
import { describeFailure, exitCodes } from "./commands/exit-code.ts";
import { findCommand } from "./commands/find-command.ts";
import { rootCommand } from "./commands/root-command.ts";
import { version } from "./version.ts";

/** Exit codes: see `exitCodes`. */
async function run(rawArguments: readonly string[]): Promise<void> {
  const [first] = rawArguments;
  if (first === "--version" || first === "-v") {
    process.stdout.write(`${version}\n`);
    return;
  }
  const asksForHelp = rawArguments.includes("--help") || rawArguments.includes("-h");
  // `turnout` alone, or with flags only, serves: the first request shall work one minute after the clone.
  const isNamed = asksForHelp || (first !== undefined && !first.startsWith("-"));
  const { command, path, rest } = await findCommand(rootCommand, isNamed ? rawArguments : ["serve", ...rawArguments]);
  if (asksForHelp) {
    process.stdout.write(await renderHelp(command));
    return;
  }
  if (command.run === undefined) {
    process.stderr.write(await renderHelp(command));
    throw new RouterError("config-invalid", `Cannot run "turnout ${path.join(" ")}" alone: say what to do`, {});
  }
  const { args = {} } = command;
  // Commands here declare their arguments as plain objects.
  checkArguments(rest, args as ArgsDef);
  // Without what stands below it, whose names citty would look for among the arguments.
  await runCommand({ ...command, subCommands: {} }, { rawArgs: [...rest] });
}

function complain(error: unknown): void {
  const { code, text } = describeFailure(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = code;
}

run(process.argv.slice(2))
  .catch(complain)
  .finally(() => {
    process.exitCode ??= exitCodes.done;
  });
