#!/usr/bin/env node
import { RouterError } from "@turnout/core";
import { type ArgsDef, type CommandDef, defineCommand, runCommand, showUsage } from "citty";
import { checkArguments } from "./commands/check-arguments.ts";
import { sandboxCommand } from "./commands/sandbox.ts";
import { serveCommand } from "./commands/serve.ts";
import { version } from "./version.ts";

const main = defineCommand({
  meta: {
    name: "turnout",
    version,
    description: "One endpoint in front of many language models.",
  },
  subCommands: { serve: serveCommand, sandbox: sandboxCommand },
});

/** What `--help` shows, by the command it stands behind. */
const usages: Readonly<Record<string, () => Promise<void>>> = {
  serve: () => showUsage(serveCommand),
  sandbox: () => showUsage(sandboxCommand),
};

/** The flags each command takes. */
const flagsByCommand: Readonly<Record<string, () => Promise<string[]>>> = {
  serve: () => flagsOf(serveCommand),
  sandbox: () => flagsOf(sandboxCommand),
};

async function flagsOf<T extends ArgsDef>({ args }: CommandDef<T>): Promise<string[]> {
  return Object.keys((await (typeof args === "function" ? args() : args)) ?? {});
}

/** Exit codes: 0 done, 1 failed, 2 the command line or the config is wrong. */
async function run(rawArguments: readonly string[]): Promise<void> {
  const [first] = rawArguments;
  if (first === "--version" || first === "-v") {
    process.stdout.write(`${version}\n`);
    return;
  }
  if (rawArguments.includes("--help") || rawArguments.includes("-h")) {
    await (usages[first ?? ""] ?? (() => showUsage(main)))();
    return;
  }
  // `turnout` alone, or with flags only, serves: the first request shall work one minute after the clone.
  const isNamed = first !== undefined && !first.startsWith("-");
  const [name = "serve", ...rest] = isNamed ? rawArguments : ["serve", ...rawArguments];
  const flags = await flagsByCommand[name]?.();
  if (flags !== undefined) checkArguments(rest, flags);
  await runCommand(main, { rawArgs: [name, ...rest] });
}

function complain(error: unknown): void {
  if (RouterError.is(error) && error.code === "config-invalid") {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  } else if (error instanceof Error && error.name === "CLIError") {
    process.stderr.write(`${error.message}\nSee turnout --help\n`);
    process.exitCode = 2;
  } else {
    process.stderr.write(
      `turnout failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 1;
  }
}

run(process.argv.slice(2)).catch(complain);
