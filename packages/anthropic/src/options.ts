import { connectionFields, headerTextSchema, httpUrlSchema } from "@turnout/upstream";
import { z } from "zod";

/**
 * What a user may set under `providers.anthropic`, accounts aside: the router takes those out and reads them with a schema of
 * their own.
 */
export const anthropicOptionsSchema = z.strictObject({
  baseUrl: httpUrlSchema.default("https://api.anthropic.com").describe("http(s) URL of the API, without /v1."),
  version: headerTextSchema.default("2023-06-01").describe("Header anthropic-version, whatever the client's says."),
  beta: z
    .array(z.string().regex(/^[\w.:-]+$/u, "Expected a name without spaces or commas"))
    .default([])
    .describe("Names for the header anthropic-beta, sent with every request beside those of a Messages client."),
  ...connectionFields,
});

/** The options with every default filled in. */
export type AnthropicOptions = z.output<typeof anthropicOptionsSchema>;

/** The options as a user writes them; all may be left out. */
export type AnthropicOptionsInput = z.input<typeof anthropicOptionsSchema>;
