import type { ClientProgram } from "../client-program.ts";

/** By format: its name in pi, and the path pi takes as base. */
const interfaces: Readonly<Record<string, readonly [name: string, path: string]>> = {
  "openai-chat": ["openai-completions", "/v1"],
  "openai-responses": ["openai-responses", "/v1"],
  "anthropic-messages": ["anthropic-messages", ""],
  gemini: ["google-generative-ai", "/v1beta"],
};

export const pi: ClientProgram = {
  id: "pi",
  name: "pi",
  package: "@earendil-works/pi-coding-agent",
  version: "0.87.1",
  node: "22.19.0",
  wires: Object.keys(interfaces),
  shellCall: (command) => ({ tool: "bash", arguments: { command } }),
  start: (installed) => [installed.node, installed.bin("pi")],
  invocation: ({ routerUrl, key, model, wire }) => {
    const [api, base] = interfaces[wire] ?? [];
    return {
      files: {
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
