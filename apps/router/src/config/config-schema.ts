import { accountConfigSchema, strategies } from "@turnout/auth";
import type { ProviderPlugin } from "@turnout/core";
import { z } from "zod";

const serverSchema = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default("127.0.0.1")
      .describe("Address to listen on. Other than loopback needs client keys."),
    port: z.int().min(0).max(65_535).default(8787).describe("TCP port; 0 picks a free one."),
    keys: z
      .array(z.string().min(8))
      .default([])
      .describe(
        "Further client keys, at least 8 characters each, beside those of `turnout keys create`. On loopback a key is asked for while there is any; beyond it always.",
      ),
    allowedHosts: z
      .array(z.string().min(1))
      .default([])
      .describe("Host names accepted in the `Host` header beside loopback names and `host`."),
    bodyLimitBytes: z
      .int()
      .positive()
      .default(64 * 1024 * 1024)
      .describe("Largest request body accepted, in bytes."),
    keepAliveMs: z
      .int()
      .positive()
      .default(15_000)
      .describe("Milliseconds of silence after which a stream is kept alive with an event."),
    shutdownTimeoutMs: z
      .int()
      .nonnegative()
      .default(30_000)
      .describe("Milliseconds running answers may take to end after a stop signal."),
  })
  .prefault({});

const websocketSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        "Clients may keep a WebSocket open. When false, an upgrade is answered with 426, and clients take HTTP.",
      ),
    maxSockets: z
      .int()
      .positive()
      .default(1_000)
      .describe("Sockets of clients at once; one more is answered with 503 and `retry-after`."),
    maxAgeMs: z
      .int()
      .positive()
      .default(3_600_000)
      .describe("Milliseconds after which a socket takes no new request and its client has to open another one."),
    idleTimeoutMs: z
      .int()
      .positive()
      .default(1_800_000)
      .describe("Milliseconds without a request after which a socket is closed."),
  })
  .prefault({});

const responsesSchema = z
  .strictObject({
    maxBytes: z
      .int()
      .nonnegative()
      .default(64 * 1024 * 1024)
      .describe(
        "Memory for earlier answers, in bytes, about, and as much again for those on open sockets; the ones unused for longest are forgotten first.",
      ),
    ttlMs: z
      .int()
      .positive()
      .default(3_600_000)
      .describe("Milliseconds after its last use at which an answer is forgotten."),
  })
  .prefault({});

const logSchema = z
  .strictObject({
    level: z
      .enum(["silent", "error", "warn", "info", "debug"])
      .default("info")
      .describe("Least severe line that is written. One line per request has level `info`."),
  })
  .prefault({});

/** What the router itself reads under every provider, beside the plugin's own options. */
const providerBaseShape = {
  accounts: z.array(accountConfigSchema).default([]).describe("Accounts, beside those that were logged in."),
  strategy: z
    .enum(strategies)
    .default("least-used")
    .describe(
      "Which account a request takes, when no conversation ties it to one: the one whose tightest quota window is used least, each in turn, the first of the list, or by `weight`.",
    ),
  quotaIntervalMs: z
    .int()
    .nonnegative()
    .default(900_000)
    .describe(
      "Milliseconds after which the upstream is asked what is left of an account that is used, if its answers have not told it meanwhile; 0: never.",
    ),
  models: z
    .array(z.string().min(1))
    .default([])
    .describe("Names of further models of the upstream, beside those the provider knows."),
};

/** The schema of one provider: the plugin's options and what the router reads beside them. */
function providerSchema(plugin: ProviderPlugin) {
  const use = z
    .literal(plugin.provider)
    .optional()
    .describe("The provider this one is a copy of, under a name of its own.");
  // Keeps what the plugin's schema checks across fields.
  return plugin.options.safeExtend({ ...providerBaseShape, use });
}

/** A provider under a name of the user's own: its name, and the provider it uses. */
export type NamedProviders = Readonly<Record<string, string>>;

/**
 * The whole config file, for the plugins at hand: schema, documentation and JSON schema in one.
 *
 * @param plugins - Plugins of the same provider share their options; the first one's schema counts.
 * @param named - Providers under names of the user's own, for example `groq` that uses `openai-compatible`.
 */
export function createConfigSchema(plugins: readonly ProviderPlugin[], named: NamedProviders = {}) {
  const providers: Record<string, z.ZodType> = {};
  for (const [name, used] of Object.entries(named)) {
    const plugin = plugins.find((candidate) => candidate.provider === used);
    if (plugin !== undefined) providers[name] = providerSchema(plugin).optional();
  }
  for (const plugin of plugins) {
    providers[plugin.provider] ??= providerSchema(plugin)
      .optional()
      .describe(`Options of the provider \`${plugin.provider}\`.`);
  }
  return z.strictObject({
    server: serverSchema.describe("Where turnout listens, and who may ask."),
    websocket: websocketSchema.describe("WebSocket for clients of the Responses format."),
    responses: responsesSchema.describe(
      "Earlier answers that clients of the Responses format refer to, by `previous_response_id` or `item_reference`.",
    ),
    sandbox: z
      .boolean()
      .default(true)
      .describe(
        "Models under `sandbox/`, answered by the built-in simulator through the real codex executors. No account needed.",
      ),
    plugins: z
      .array(z.string().min(1))
      .default([])
      .describe("Package names of further provider plugins. They run inside turnout: name only packages you trust."),
    providers: z.strictObject(providers).prefault({}).describe("Upstreams and their accounts, by provider name."),
    strict: z
      .boolean()
      .default(false)
      .describe(
        "Refuse with 400 a request of which something would be left out on the way to its upstream; header `x-turnout-strict: true` asks for it per request.",
      ),
    aliases: z
      .record(z.string().min(1), z.string().min(1))
      .default({})
      .describe("Further names for models: alias to `provider/model`."),
    log: logSchema.describe("The log on standard error, JSON lines."),
  });
}

/** Settings of the server part, defaults filled in. */
export type ServerConfig = z.output<typeof serverSchema>;

/** Settings of the sockets of clients, defaults filled in. */
export type WebSocketConfig = z.output<typeof websocketSchema>;

/** What the router reads of each provider; the rest of the object belongs to the plugin. */
export const providerBaseSchema = z.looseObject({ use: z.string().optional(), ...providerBaseShape });
export type ProviderConfig = z.output<typeof providerBaseSchema>;

/** The whole config, defaults filled in. */
export interface Config {
  readonly server: ServerConfig;
  readonly websocket: WebSocketConfig;
  readonly responses: z.output<typeof responsesSchema>;
  readonly sandbox: boolean;
  readonly strict: boolean;
  readonly plugins: readonly string[];
  readonly providers: Readonly<Record<string, ProviderConfig | undefined>>;
  readonly aliases: Readonly<Record<string, string>>;
  readonly log: { readonly level: "silent" | "error" | "warn" | "info" | "debug" };
}
