import { readFileSync } from "node:fs";
import { RouterError, systemRuntime } from "@turnout/core";
import { createSandbox, type Sandbox, sandboxOptionsSchema } from "@turnout/sandbox";
import { defineCommand } from "citty";
import { parse } from "yaml";
import { withExamples } from "./documented-command.ts";
import { readPort } from "./check-arguments.ts";
import { untilStopped } from "./until-stopped.ts";

/** `turnout sandbox`: the simulated Codex backend alone, for tests of other programs. */
export const sandboxCommand = withExamples(
  defineCommand({
    meta: { name: "turnout sandbox", description: "Start the simulated Codex backend alone, on a port of its own." },
    args: {
      port: { type: "string", default: "8788", valueHint: "PORT", description: "TCP port; 0 picks a free one" },
      script: {
        type: "string",
        valueHint: "FILE",
        description: "YAML or JSON file with sandbox options (answer, seed, …)",
      },
    },
    run: async ({ args }) => {
      const port = readPort(args.port);
      const sandbox = await createSandbox({ ...readOptions(args.script), port, runtime: systemRuntime }).catch(
        (error: unknown) => {
          throw cannot(`listen on port ${port}`, error);
        },
      );
      const stopped = untilStopped(() => sandbox.close());
      process.stdout.write(describeSandbox(sandbox));
      await stopped;
    },
  }),
  [
    ["turnout sandbox", "on 127.0.0.1:8788"],
    ["turnout sandbox --port 0 --script faults.yaml", "on a free port, with options from a file"],
  ],
);

function readOptions(file: string | undefined) {
  if (file === undefined) return {};
  const parsed = sandboxOptionsSchema.safeParse(readScript(file));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new RouterError(
    "config-invalid",
    `Cannot use "${file}": \`${issue?.path.join(".") ?? ""}\`: ${issue?.message ?? "not understood"}`,
    {},
  );
}

function readScript(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw cannot(`read "${file}"`, error);
  }
}

/** What the user can mend, told without a stack; anything else is a fault of ours and keeps it. */
function cannot(tried: string, error: unknown): unknown {
  if (!(error instanceof Error && "code" in error)) return error;
  return new RouterError("config-invalid", `Cannot ${tried}: ${error.message}`, {}, { cause: error });
}

function describeSandbox(sandbox: Sandbox): string {
  const account = sandbox.createAccount();
  return [
    `Simulated Codex backend on ${sandbox.url} (no model takes part)`,
    `base URL  ${sandbox.codexBaseUrl}`,
    `issuer    ${sandbox.issuer}`,
    `account   ${account.accountId}`,
    `token     ${account.accessToken}`,
    "",
  ].join("\n");
}
