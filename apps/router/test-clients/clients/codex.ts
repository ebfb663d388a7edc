import type { ClientProgram } from "../client-program.ts";

export const codex: ClientProgram = {
  id: "codex",
  name: "Codex CLI",
  package: "@openai/codex",
  version: "0.169.0",
  node: "16.0.0",
  wires: ["openai-responses"],
  shellCall: (command) => ({ tool: "exec_command", arguments: { cmd: command } }),
  start: (installed) => [installed.node, installed.bin("codex")],
  invocation: ({ routerUrl, key, model }) => ({
    files: { ".codex/config.toml": settings(routerUrl, model) },
    environment: { ROUTER_KEY: key },
    commandLine: (prompt, turn) => [
      "exec",
      ...(turn > 1 ? ["resume", "--last"] : []),
      "--skip-git-repo-check",
      "--dangerously-bypass-approvals-and-sandbox",
      "--json",
      prompt,
    ],
  }),
};

function settings(routerUrl: string, model: string): string {
  return `model = "${model}"
model_provider = "router"
[model_providers.router]
name = "Router"
base_url = "${routerUrl}/v1"
env_key = "ROUTER_KEY"
wire_api = "responses"
supports_websockets = true
[features]
plugins = false
[analytics]
enabled = false
[otel]
metrics_exporter = "none"
`;
}
