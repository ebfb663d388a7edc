import { foregroundRuntime } from "@turnout/core";
import { defineCommand } from "citty";
import { configArgument, jsonArgument } from "../command-arguments.ts";
import { withExamples } from "../documented-command.ts";
import { exitCodes } from "../exit-code.ts";
import { readSurroundings } from "../surroundings.ts";
import { type Colour, createTerminal, type Terminal } from "../terminal.ts";
import type { Finding, Severity } from "./finding.ts";
import { runChecks } from "./run-checks.ts";

const marks: Readonly<Record<Severity, readonly [mark: string, colour: Colour]>> = {
  ok: ["ok", "green"],
  note: ["note", "yellow"],
  problem: ["PROBLEM", "red"],
  "needs-login": ["LOGIN", "red"],
};

/** `turnout doctor`: what keeps you from an answer, and what to do about it. */
export const doctorCommand = withExamples(
  defineCommand({
    meta: {
      name: "turnout doctor",
      description: "Check config, data folder, accounts, ports, clock and network, and say what to do.",
    },
    args: {
      config: configArgument,
      network: { type: "boolean", default: true, description: "Ask the providers", negativeDescription: "Ask nobody" },
      json: jsonArgument,
    },
    run: async ({ args }) => {
      const terminal = createTerminal();
      terminal.progress("Looking at config, accounts and network …");
      const findings = await runChecks({
        surroundings: readSurroundings(),
        runtime: foregroundRuntime,
        config: args.config,
        network: args.network,
        nodeVersion: process.versions.node,
      });
      const code = exitCodeOf(findings);
      if (args.json === true) terminal.printJson({ healthy: code === exitCodes.done, findings });
      else for (const finding of findings) show(finding, terminal);
      process.exitCode = code;
    },
  }),
  [
    ["turnout doctor", "exit code 0: all well, 1: a problem, 3: only a login is needed"],
    ["turnout doctor --no-network", "without asking the providers"],
  ],
);

/** A wrong config is a problem like others here: finding it is what the doctor is for. */
function exitCodeOf(findings: readonly Finding[]): number {
  const severities = new Set(findings.map(({ severity }) => severity));
  if (severities.has("problem")) return exitCodes.failed;
  return severities.has("needs-login") ? exitCodes.needsLogin : exitCodes.done;
}

function show({ check, severity, message, advice }: Finding, terminal: Terminal): void {
  const [mark, colour] = marks[severity];
  terminal.print(`${terminal.colour(colour, mark.padEnd(7))}  ${check}: ${message}`);
  if (advice !== undefined && severity !== "ok") terminal.print(`         > ${advice}`);
}
