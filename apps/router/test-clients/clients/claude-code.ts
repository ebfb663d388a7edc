import { type ClientProgram, overHttp } from "../client-program.ts";

export const claudeCode: ClientProgram = {
  id: "claude-code",
  name: "Claude Code",
  package: "@anthropic-ai/claude-code",
  version: "2.1.330",
  ways: overHttp(["anthropic-messages"]),
  shellCall: (command) => ({ tool: "Bash", arguments: { command, description: "Prove that it ran" } }),
  start: (installed) => [installed.native("@anthropic-ai/claude-code-", "claude")],
  invocation: ({ routerUrl, key, model }) => ({
    files: {},
    environment: {
      ANTHROPIC_BASE_URL: routerUrl,
      ANTHROPIC_AUTH_TOKEN: key,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_TELEMETRY: "1",
      DISABLE_ERROR_REPORTING: "1",
      DISABLE_AUTOUPDATER: "1",
      CLAUDE_CODE_MAX_RETRIES: "1",
    },
    commandLine: (prompt, turn) => [
      "-p",
      prompt,
      "--allowedTools",
      "Bash",
      "--model",
      model,
      ...(turn > 1 ? ["--continue"] : []),
    ],
  }),
};
