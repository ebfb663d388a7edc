import type { Credential } from "@turnout/core";
import { headerTextSchema, httpUrlSchema, millisecondsSchema, sessionOptionsSchema } from "@turnout/upstream";
import { z } from "zod";

/** Where a ChatGPT login is served. */
export const codexBaseUrl = "https://chatgpt.com/backend-api/codex";

/** Where an API key is served, unless `baseUrl` is set. */
export const openaiBaseUrl = "https://api.openai.com/v1";

/**
 * What a user may set under `providers.codex`, accounts aside: the router takes those out and reads them with a schema of
 * their own.
 */
export const codexOptionsSchema = z.strictObject({
  baseUrl: httpUrlSchema
    .default(codexBaseUrl)
    .describe(
      "http(s) URL of the backend; the socket's URL follows from it. API keys go to api.openai.com unless set.",
    ),
  transport: z
    .enum(["auto", "ws", "http"])
    .default("auto")
    .describe("auto: WebSocket, then HTTP; or one of them only."),
  issuer: httpUrlSchema.default("https://auth.openai.com").describe("Where logins are made and tokens refreshed."),
  callbackPort: z
    .int()
    .min(0)
    .max(65_535)
    .default(1_455)
    .describe("Port on loopback a browser login comes back to. The issuer above knows 1455 only; 0 picks a free one."),
  socketPath: z
    .string()
    .regex(/^\/[\w\-./]*$/u, "Expected a path that begins with a slash")
    .default("/responses")
    .describe("Path of the WebSocket below baseUrl."),
  originator: headerTextSchema
    .default("codex_cli_rs")
    .describe("Client name shown to the backend; it decides which models are served."),
  clientVersion: headerTextSchema
    .default("0.169.0")
    .describe(
      "Client version shown to the backend; an old one hides new models. Default: the newest seen, November 2026.",
    ),
  userAgent: headerTextSchema
    .optional()
    .describe("Header User-Agent. Default: made from originator and clientVersion, with the name turnout in it."),
  proxyUrl: z
    .url({ protocol: /^http$/u, error: "Expected an http URL" })
    .optional()
    .describe("HTTP proxy for both transports, http://host:port. The environment is not read."),
  connectTimeoutMs: millisecondsSchema
    .default(15_000)
    .describe("Milliseconds to open a connection, handshake included."),
  firstEventTimeoutMs: millisecondsSchema
    .default(90_000)
    .describe("Milliseconds from sending to the first event. Images alone can take 30 000."),
  silenceTimeoutMs: millisecondsSchema
    .default(300_000)
    .describe("Milliseconds between two events after the first. High effort can be silent for minutes."),
  maxFrameBytes: z
    .int()
    .positive()
    .max(16_777_215)
    .default(15 * 1024 * 1024)
    .describe("Bytes of one WebSocket message; more goes over HTTP. The backend closes at 16 777 216."),
  maxConnections: z.int().positive().default(1_024).describe("HTTP connections, and so HTTP requests in flight."),
  maxSocketsPerAccount: z
    .int()
    .positive()
    .default(40)
    .describe("WebSockets of one account at a time; more goes over HTTP. The backend refuses upgrades at about 50."),
  sessions: sessionOptionsSchema.describe("How WebSockets are kept and used again."),
});

/** The options with every default filled in. */
export type CodexOptions = z.output<typeof codexOptionsSchema>;

/** The options as a user writes them; all may be left out. */
export type CodexOptionsInput = z.input<typeof codexOptionsSchema>;

/** The body rules of the ChatGPT backend, or those of the public API, which takes nearly everything. */
export type CodexRules = "backend" | "public";

/** An API key goes to the public API, unless the config names another place. */
export function codexBaseUrlFor(options: CodexOptions, credential: Credential): string {
  return credential.kind === "api-key" && options.baseUrl === codexBaseUrl ? openaiBaseUrl : options.baseUrl;
}

/**
 * Which body rules apply. `public`: an API key at a base URL without `/backend-api`. Everything else is the backend, plan
 * tokens at `/v1` included, which are refused the same fields.
 */
export function codexRulesFor(options: CodexOptions, credential: Credential): CodexRules {
  const baseUrl = codexBaseUrlFor(options, credential);
  return credential.kind === "api-key" && !baseUrl.includes("/backend-api") ? "public" : "backend";
}

/** The User-Agent in the form the backend knows: name, version, system, terminal. */
export function codexUserAgent(options: CodexOptions): string {
  return options.userAgent ?? `${options.originator}/${options.clientVersion} (unknown; unknown) turnout`;
}
