import type { ClientProgram } from "../client-program.ts";

/** By format: the adapter opencode brings along for it, and the path it takes as base. */
const adapters: Readonly<Record<string, readonly [adapter: string, path: string]>> = {
  "openai-chat": ["@ai-sdk/openai-compatible", "/v1"],
  "openai-responses": ["@ai-sdk/openai", "/v1"],
  "anthropic-messages": ["@ai-sdk/anthropic", "/v1"],
  gemini: ["@ai-sdk/google", "/v1beta"],
};

export const opencode: ClientProgram = {
  id: "opencode",
  name: "opencode",
  package: "opencode-ai",
  version: "1.18.33",
  wires: Object.keys(adapters),
  shellCall: (command) => ({ tool: "bash", arguments: { command, description: "Prove that it ran" } }),
  start: (installed) => [installed.native("opencode-", "bin/opencode")],
  invocation: ({ routerUrl, key, model, wire }) => {
    const [npm, base] = adapters[wire] ?? [];
    return {
      files: {
        ".config/opencode/opencode.json": JSON.stringify({
          provider: {
            router: { npm, options: { baseURL: `${routerUrl}${base}`, apiKey: key }, models: { [model]: {} } },
          },
          small_model: `router/${model}`,
          autoupdate: false,
          share: "disabled",
        }),
      },
      environment: {
        OPENCODE_DISABLE_AUTOUPDATE: "1",
        OPENCODE_DISABLE_MODELS_FETCH: "1",
        OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
      },
      commandLine: (prompt, turn) => [
        "run",
        "-m",
        `router/${model}`,
        ...(turn > 1 ? ["--continue"] : []),
        // It puts quotes around an argument that holds a space, and joins them all with spaces.
        ...prompt.split(" "),
      ],
    };
  },
};
