import type { WireRequest } from "@turnout/core";
import { z } from "zod";

import type { HttpClientOptions } from "../http/http-client.ts";
import type { UpstreamLimits } from "../answer/limits.ts";

/** An http(s) URL; slashes at its end are cut off. */
export const httpUrlSchema = z
  .url({ protocol: /^https?$/u, error: "Expected an http(s) URL" })
  .overwrite((url) => url.replace(/\/+$/u, ""));

/** What can stand in a header. */
export const headerTextSchema = z.string().regex(/^[\u0020-\u007e]+$/u, "Expected printable ASCII");

/** A span of time of at most a day. */
export const millisecondsSchema = z.int().positive().max(86_400_000);

/** These belong to the connection, not to the message. */
const ownHeaders = "content-length|transfer-encoding|connection|host|upgrade|expect|keep-alive";

const headerNameSchema = z
  .string()
  .regex(new RegExp(`^(?!(?:${ownHeaders})$)[!#$%&'*+.^_\`|~0-9a-z-]+$`, "u"), "Expected a header name in lower case");

/** Options that every provider over HTTP has, to be spread into its schema. */
export const connectionFields = {
  headers: z
    .record(headerNameSchema, headerTextSchema)
    .default({})
    .describe("Headers sent with every request, names in lower case; they win over turnout's own."),
  userAgent: headerTextSchema.default("turnout").describe("Header User-Agent."),
  proxyUrl: z
    .url({ protocol: /^http$/u, error: "Expected an http URL" })
    .optional()
    .describe("HTTP proxy, http://host:port. The environment is not read."),
  connectTimeoutMs: millisecondsSchema.default(15_000).describe("Milliseconds to open a connection."),
  firstEventTimeoutMs: millisecondsSchema
    .default(90_000)
    .describe("Milliseconds from sending to the first event of a stream."),
  silenceTimeoutMs: millisecondsSchema
    .default(300_000)
    .describe("Milliseconds between two events after the first. High effort can be silent for minutes."),
  documentTimeoutMs: millisecondsSchema
    .default(600_000)
    .describe("Milliseconds from sending to the end of an answer that is not streamed."),
  maxConnections: z.int().positive().default(1_024).describe("Connections, and so requests in flight."),
} as const;

/** `connectionFields` with every default filled in. */
export type ConnectionOptions = z.output<z.ZodObject<typeof connectionFields>>;

/** The options in the words of `createHttpExecutor`. */
export function connectionSettings(options: ConnectionOptions): {
  readonly limits: Partial<UpstreamLimits>;
  readonly clientOptions: HttpClientOptions;
} {
  const { firstEventTimeoutMs, silenceTimeoutMs, documentTimeoutMs, maxConnections, connectTimeoutMs } = options;
  return {
    limits: { firstEventTimeoutMs, silenceTimeoutMs, documentTimeoutMs },
    clientOptions: {
      maxConnections,
      connectTimeoutMs,
      ...(options.proxyUrl === undefined ? {} : { proxyUrl: options.proxyUrl }),
    },
  };
}

/** What every request says: what it takes as an answer, who asks, and the user's own headers, which win. */
export function connectionHeaders(options: ConnectionOptions, request: WireRequest): Record<string, string> {
  return {
    accept: request.stream ? "text/event-stream" : "application/json",
    "user-agent": options.userAgent,
    ...options.headers,
  };
}
