import { type ClientProgram, overHttp } from "../client-program.ts";

/** By format: the login that speaks it. */
const logins: Readonly<Record<string, string>> = {
  "openai-chat": "openai",
  "openai-responses": "openai-responses",
  "anthropic-messages": "anthropic",
  gemini: "gemini",
};

export const qwenCode: ClientProgram = {
  id: "qwen-code",
  name: "Qwen Code",
  package: "@qwen-code/qwen-code",
  version: "0.24.4",
  node: "22.0.0",
  ways: overHttp(Object.keys(logins)),
  shellCall: (command) => ({
    tool: "run_shell_command",
    // What a command prints right before its end is lost now and then.
    arguments: { command: `${command}; sleep 1`, description: "Prove that it ran", is_background: false },
  }),
  start: (installed) => [installed.node, installed.bin("qwen")],
  invocation: ({ routerUrl, key, model, way }) => {
    const login = logins[way.wire] ?? "";
    return {
      files: {
        ".qwen/settings.json": JSON.stringify({
          security: { auth: { selectedType: login } },
          privacy: { usageStatisticsEnabled: false },
          general: { disableAutoUpdate: true },
          // A pseudo-terminal may be gone before its output is read.
          tools: { shell: { enableInteractiveShell: false } },
        }),
      },
      environment: {
        OPENAI_BASE_URL: `${routerUrl}/v1`,
        OPENAI_API_KEY: key,
        ANTHROPIC_BASE_URL: routerUrl,
        ANTHROPIC_API_KEY: key,
        GOOGLE_GEMINI_BASE_URL: routerUrl,
        GEMINI_API_KEY: key,
        QWEN_CODE_SUPPRESS_YOLO_WARNING: "1",
      },
      commandLine: (prompt, turn) => [
        "--yolo",
        "--auth-type",
        login,
        "-m",
        model,
        ...(turn > 1 ? ["--continue"] : []),
        prompt,
      ],
    };
  },
};
