import { type ClientProgram, overHttp, type Place, type Way } from "../client-program.ts";

/** By format: the adapter opencode brings along for it, and the path it takes as base. */
const adapters: Readonly<Record<string, readonly [adapter: string, path: string]>> = {
  "openai-chat": ["@ai-sdk/openai-compatible", "/v1"],
  "openai-responses": ["@ai-sdk/openai", "/v1"],
  "anthropic-messages": ["@ai-sdk/anthropic", "/v1"],
  gemini: ["@ai-sdk/google", "/v1beta"],
};

/** Each request holds the whole conversation, also on a socket. */
const overSocket: Way = {
  wire: "openai-responses",
  transport: "ws",
  label: "WebSocket",
  besides: "the title of a session",
};

/** It opens a socket for its own provider and a key it has stored only. */
function providerOf({ routerUrl, key, way }: Place) {
  const [npm, base] = adapters[way.wire] ?? [];
  const baseURL = `${routerUrl}${base}`;
  if (way !== overSocket)
    return { provider: "router", settings: { npm, options: { baseURL, apiKey: key } }, environment: {} };
  const stored = JSON.stringify({ openai: { type: "api", key } });
  return {
    provider: "openai",
    settings: { options: { baseURL } },
    environment: { OPENCODE_EXPERIMENTAL_WEBSOCKETS: "1", OPENCODE_AUTH_CONTENT: stored },
  };
}

export const opencode: ClientProgram = {
  id: "opencode",
  name: "opencode",
  package: "opencode-ai",
  version: "1.18.33",
  ways: [...overHttp(Object.keys(adapters)), overSocket],
  shellCall: (command) => ({ tool: "bash", arguments: { command, description: "Prove that it ran" } }),
  start: (installed) => [installed.native("opencode-", "bin/opencode")],
  invocation: (place) => {
    const { provider, settings, environment } = providerOf(place);
    const model = `${provider}/${place.model}`;
    return {
      files: {
        ".config/opencode/opencode.json": JSON.stringify({
          provider: { [provider]: { ...settings, models: { [place.model]: {} } } },
          small_model: model,
          autoupdate: false,
          share: "disabled",
        }),
      },
      environment: {
        ...environment,
        OPENCODE_DISABLE_AUTOUPDATE: "1",
        OPENCODE_DISABLE_MODELS_FETCH: "1",
        OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
      },
      commandLine: (prompt, turn) => [
        "run",
        "-m",
        model,
        ...(turn > 1 ? ["--continue"] : []),
        // It puts quotes around an argument that holds a space, and joins them all with spaces.
        ...prompt.split(" "),
      ],
    };
  },
};
