import { connectionFields, httpUrlSchema } from "@turnout/upstream";
import { z } from "zod";

import { type ChatDialect, chatDialectSchema, defaultChatDialect } from "./dialect.ts";
import { type ChatPreset, chatPresetNames, chatPresets } from "./presets.ts";

/**
 * What a user may set for one server that speaks Chat Completions, accounts and models aside: the router takes those out and
 * reads them with a schema of their own.
 */
export const openaiCompatibleOptionsSchema = z
  .strictObject({
    preset: z.enum(chatPresetNames).optional().describe("A well-known server: its URL, key and dialect."),
    baseUrl: httpUrlSchema
      .optional()
      .describe("http(s) URL that /chat/completions is appended to. Required without a preset."),
    key: z
      .enum(["required", "none"])
      .optional()
      .describe(
        "none: the server needs no key, and no account has to be configured. Default: the preset's, or required.",
      ),
    dialect: chatDialectSchema
      .partial()
      .optional()
      .describe("In what the server differs from the preset, or from the defaults."),
    ...connectionFields,
  })
  .refine(({ preset, baseUrl }) => preset !== undefined || baseUrl !== undefined, {
    path: ["baseUrl"],
    error: "Expected a URL, or the name of a preset",
  });

/** The options with every default filled in. */
export type OpenaiCompatibleOptions = z.output<typeof openaiCompatibleOptionsSchema>;

/** The options as a user writes them. */
export type OpenaiCompatibleOptionsInput = z.input<typeof openaiCompatibleOptionsSchema>;

/** What preset and options say together. */
export interface ChatServer {
  /** Of the executor: the preset's name, or `openai-compatible`. */
  readonly id: string;
  readonly baseUrl: string;
  readonly keyless: boolean;
  readonly dialect: ChatDialect;
}

const noPreset: ChatPreset = { baseUrl: "", key: "required", dialect: {} };

/** The server the options mean: what the user wrote wins over the preset, and that over the defaults. */
export function chatServerOf(options: OpenaiCompatibleOptions): ChatServer {
  const preset = options.preset === undefined ? noPreset : chatPresets[options.preset];
  return {
    id: options.preset ?? "openai-compatible",
    baseUrl: options.baseUrl ?? preset.baseUrl,
    keyless: (options.key ?? preset.key) === "none",
    dialect: chatDialectSchema.parse({ ...defaultChatDialect, ...preset.dialect, ...options.dialect }),
  };
}
