import { type ClientProgram, overHttp } from "../client-program.ts";

export const geminiCli: ClientProgram = {
  id: "gemini-cli",
  name: "Gemini CLI",
  package: "@google/gemini-cli",
  version: "0.61.0",
  node: "20.0.0",
  ways: overHttp(["gemini"]),
  oneTurn: { gemini: "with --resume it sends every tool result twice, which the sandbox refuses" },
  shellCall: (command) => ({ tool: "run_shell_command", arguments: { command, description: "Prove that it ran" } }),
  start: (installed) => [installed.node, installed.bin("gemini")],
  invocation: ({ routerUrl, key, model }) => ({
    files: {
      ".gemini/settings.json": JSON.stringify({
        security: { auth: { selectedType: "gemini-api-key" } },
        privacy: { usageStatisticsEnabled: false },
        general: { disableAutoUpdate: true },
        // A pseudo-terminal may be gone before its output is read.
        tools: { shell: { enableInteractiveShell: false } },
      }),
    },
    environment: { GOOGLE_GEMINI_BASE_URL: routerUrl, GEMINI_API_KEY: key },
    commandLine: (prompt, turn) => [
      "-p",
      prompt,
      "--yolo",
      "--skip-trust",
      "-m",
      model,
      ...(turn > 1 ? ["--resume", "latest"] : []),
    ],
  }),
};
