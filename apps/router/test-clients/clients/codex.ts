import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { ClientProgram, Place, Way } from "../client-program.ts";
import { createAppServerTalk } from "./codex-app-server.ts";

const overSocket = { wire: "openai-responses", transport: "ws", warmsUp: true, refersBack: true } as const;

const builtIn: Way = { ...overSocket, label: "WebSocket, its provider openai" };
const appServer: Way = { ...overSocket, label: "WebSocket, app-server" };
const withCatalogue: Way = { ...overSocket, label: "WebSocket, models of the router" };
const ways: readonly Way[] = [
  { ...overSocket, label: "WebSocket" },
  appServer,
  builtIn,
  withCatalogue,
  { wire: "openai-responses", transport: "http" },
];

export const codex: ClientProgram = {
  id: "codex",
  name: "Codex CLI",
  package: "@openai/codex",
  version: "0.169.0",
  node: "16.0.0",
  ways,
  shellCall: (command) => ({ tool: "exec_command", arguments: { cmd: command } }),
  start: (installed) => [installed.node, installed.bin("codex")],
  invocation: (place) => ({
    files: { ".codex/config.toml": settings(place) },
    environment: { ROUTER_KEY: place.key, CODEX_API_KEY: place.key },
    judgeOutput: (output) => judgeOutput(output, place.way),
    ...(place.way === appServer && { converse: createAppServerTalk(place.work) }),
    ...(place.way === withCatalogue && { judgeHome: (home: string) => judgeModels(home, place.model) }),
    commandLine: (prompt, turn) =>
      place.way === appServer
        ? ["app-server"]
        : [
            "exec",
            ...(turn > 1 ? ["resume", "--last"] : []),
            "--skip-git-repo-check",
            "--dangerously-bypass-approvals-and-sandbox",
            "--json",
            prompt,
          ],
  }),
};

function settings({ routerUrl, model, way }: Place): string {
  return `model = "${model}"
${way === builtIn ? `openai_base_url = "${routerUrl}/v1"` : provider(routerUrl, way)}
[features]
plugins = false
[analytics]
enabled = false
[otel]
metrics_exporter = "none"
`;
}

/** With a command for the key, and not with the key itself, it asks for the list of models. */
function provider(routerUrl: string, way: Way): string {
  const [base, key] =
    way === withCatalogue
      ? ["/backend-api/codex", 'auth = { command = "printenv", args = ["ROUTER_KEY"] }']
      : ["/v1", 'env_key = "ROUTER_KEY"'];
  return `model_provider = "router"
[model_providers.router]
name = "Router"
base_url = "${routerUrl}${base}"
${key}
wire_api = "responses"
supports_websockets = ${way.transport === "ws"}`;
}

const lineSchema = z.looseObject({
  item: z.looseObject({ type: z.string(), message: z.string().optional() }).optional(),
});

/** That the model is unknown to it, which is so where it has no list of the router's models. */
const unknownModel = /^Model metadata for `[^`]+` not found/u;

/** Warnings come as items between the others, with an exit code of 0; for example of a model other than the one asked for. */
function judgeOutput(output: string, way: Way): string[] {
  return output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => lineSchema.parse(JSON.parse(line)).item)
    .filter((item) => item?.type === "error")
    .map((item) => item?.message ?? "")
    .filter((message) => way === withCatalogue || !unknownModel.test(message))
    .map((message) => `it warns: ${message}`);
}

const cacheSchema = z.looseObject({ models: z.array(z.looseObject({ slug: z.string() })) });

/** It keeps a list it could read; one it could not read is passed over without a word. */
function judgeModels(home: string, model: string): string[] {
  const file = path.join(home, ".codex", "models_cache.json");
  if (!existsSync(file)) return ["it kept no list of models"];
  const { models } = cacheSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  return models.some(({ slug }) => slug === model) ? [] : [`its list of models does not hold ${model}`];
}
