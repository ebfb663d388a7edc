import { connectionFields, httpUrlSchema } from "@turnout/upstream";
import { z } from "zod";

/**
 * What a user may set under `providers.gemini`, accounts aside: the router takes those out and reads them with a schema of
 * their own.
 */
export const geminiOptionsSchema = z.strictObject({
  baseUrl: httpUrlSchema
    .default("https://generativelanguage.googleapis.com")
    .describe("http(s) URL of the API, without its version."),
  apiVersion: z
    .string()
    .regex(/^v[\da-z]+$/u, "Expected a version such as v1beta")
    .default("v1beta")
    .describe("Version in the path; v1 lacks what is in preview."),
  ...connectionFields,
});

/** The options with every default filled in. */
export type GeminiOptions = z.output<typeof geminiOptionsSchema>;

/** The options as a user writes them; all may be left out. */
export type GeminiOptionsInput = z.input<typeof geminiOptionsSchema>;
