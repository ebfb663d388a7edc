import { type ClientProgram, overHttp, type Way } from "../client-program.ts";

/** By format: its name in pi, and the path pi takes as base. */
const interfaces: Readonly<Record<string, readonly [name: string, path: string]>> = {
  "openai-chat": ["openai-completions", "/v1"],
  "openai-responses": ["openai-responses", "/v1"],
  "anthropic-messages": ["anthropic-messages", ""],
  gemini: ["google-generative-ai", "/v1beta"],
};

/** As if the router were the Codex backend: the name of the transport in pi's settings. */
const codexModes: ReadonlyMap<Way, string> = new Map([
  [{ wire: "openai-responses", transport: "ws", label: "Codex mode, WebSocket", refersBack: true }, "auto"],
  [{ wire: "openai-responses", transport: "ws", label: "Codex mode, WebSocket, whole history" }, "websocket"],
  [{ wire: "openai-responses", transport: "http", label: "Codex mode, zstd" }, "sse"],
]);

export const pi: ClientProgram = {
  id: "pi",
  name: "pi",
  package: "@earendil-works/pi-coding-agent",
  version: "0.87.1",
  node: "22.19.0",
  ways: [...overHttp(Object.keys(interfaces)), ...codexModes.keys()],
  shellCall: (command) => ({ tool: "bash", arguments: { command } }),
  start: (installed) => [installed.node, installed.bin("pi")],
  invocation: ({ routerUrl, key, model, way }) => {
    const { wire } = way;
    const transport = codexModes.get(way);
    const [api, base] = transport === undefined ? (interfaces[wire] ?? []) : ["openai-codex-responses", "/backend-api"];
    return {
      files: {
        ".pi/agent/settings.json": JSON.stringify(transport === undefined ? {} : { transport }),
        ".pi/agent/models.json": JSON.stringify({
          providers: {
            router: { baseUrl: `${routerUrl}${base}`, api, apiKey: key, models: [modelEntry(model, wire)] },
          },
        }),
      },
      environment: { PI_OFFLINE: "1", PI_SKIP_VERSION_CHECK: "1", PI_TELEMETRY: "0" },
      commandLine: (prompt, turn) => [
        "-p",
        "--provider",
        "router",
        "--model",
        model,
        ...(turn > 1 ? ["--continue"] : []),
        prompt,
      ],
    };
  },
};

/** pi asks for thinking by budget unless told otherwise, which the newest models of Anthropic refuse. */
function modelEntry(id: string, wire: string) {
  const compat = wire === "anthropic-messages" ? { compat: { forceAdaptiveThinking: true } } : {};
  return { id, reasoning: true, ...compat };
}
