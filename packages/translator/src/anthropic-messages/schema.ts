import * as z from "zod";

import { jsonObjectSchema as jsonObject, jsonValueSchema as jsonValue } from "../json-schema.ts";

// What clients write: strict where a mistake would change the meaning, open for fields and kinds of blocks nobody has told
// us of, which travel as extras and opaque blocks.

const cacheControl = z.looseObject({ type: z.string(), ttl: z.string().nullish() });

/** Every block may carry a cache mark. */
const marked = { cache_control: cacheControl.nullish() };

export const textBlockSchema = z.looseObject({
  type: z.literal("text"),
  text: z.string(),
  citations: z.array(jsonObject).nullish(),
  ...marked,
});

const base64Source = z.looseObject({ type: z.literal("base64"), media_type: z.string(), data: z.string() });
const urlSource = z.looseObject({ type: z.literal("url"), url: z.string() });
const fileSource = z.looseObject({ type: z.literal("file"), file_id: z.string() });
const textSource = z.looseObject({ type: z.literal("text"), media_type: z.string().nullish(), data: z.string() });
const contentSource = z.looseObject({
  type: z.literal("content"),
  content: z.union([z.string(), z.array(jsonObject)]),
});

export const imageBlockSchema = z.looseObject({
  type: z.literal("image"),
  source: z.discriminatedUnion("type", [base64Source, urlSource, fileSource], {
    error: "expected a source of type `base64`, `url` or `file`",
  }),
  ...marked,
});

export const documentBlockSchema = z.looseObject({
  type: z.literal("document"),
  source: z.discriminatedUnion("type", [base64Source, urlSource, fileSource, textSource, contentSource], {
    error: "expected a source of type `base64`, `url`, `file`, `text` or `content`",
  }),
  title: z.string().nullish(),
  ...marked,
});

export const searchResultBlockSchema = z.looseObject({
  type: z.literal("search_result"),
  source: z.string(),
  title: z.string(),
  content: z.array(textBlockSchema),
  ...marked,
});

export const thinkingBlockSchema = z.looseObject({
  type: z.literal("thinking"),
  thinking: z.string(),
  signature: z.string().nullish(),
});

export const redactedThinkingBlockSchema = z.looseObject({ type: z.literal("redacted_thinking"), data: z.string() });

export const toolUseBlockSchema = z.looseObject({
  type: z.literal("tool_use"),
  id: z.string().min(1),
  name: z.string().min(1),
  input: jsonValue,
  ...marked,
});

export const toolResultBlockSchema = z.looseObject({
  type: z.literal("tool_result"),
  tool_use_id: z.string().min(1),
  content: z.union([z.string(), z.array(jsonObject)], { error: "expected string or array of blocks" }).nullish(),
  is_error: z.boolean().nullish(),
  ...marked,
});

const message = z.looseObject({
  role: z.enum(["user", "assistant", "system"], { error: "expected `user`, `assistant` or `system`" }),
  content: z.union([z.string(), z.array(jsonObject)], { error: "expected string or array of blocks" }),
});

const tool = z
  .looseObject({
    type: z.string().nullish(),
    name: z.string().min(1).nullish(),
    description: z.string().nullish(),
    input_schema: jsonObject.nullish(),
    strict: z.boolean().nullish(),
  })
  .superRefine((value, context) => {
    if ((value.type ?? "custom") !== "custom") return;
    for (const field of ["name", "input_schema"] as const) {
      if (value[field] === undefined || value[field] === null) {
        context.addIssue({ code: "custom", path: [field], message: `a tool of the client needs \`${field}\`` });
      }
    }
  });

const toolChoice = z
  .looseObject({
    type: z.enum(["auto", "any", "tool", "none"], { error: "expected `auto`, `any`, `tool` or `none`" }),
    name: z.string().nullish(),
    disable_parallel_tool_use: z.boolean().nullish(),
  })
  .superRefine((value, context) => {
    if (value.type === "tool" && !value.name) {
      context.addIssue({ code: "custom", path: ["name"], message: "a choice of type `tool` needs `name`" });
    }
  });

const thinking = z
  .looseObject({
    type: z.enum(["enabled", "disabled", "adaptive"], { error: "expected `enabled`, `disabled` or `adaptive`" }),
    budget_tokens: z.int().min(1).nullish(),
    display: z.string().nullish(),
  })
  .superRefine((value, context) => {
    if (value.type === "enabled" && typeof value.budget_tokens !== "number") {
      context.addIssue({ code: "custom", path: ["budget_tokens"], message: "enabled thinking needs `budget_tokens`" });
    }
  });

const outputFormat = z.looseObject({ type: z.string(), schema: jsonObject.nullish() });

const promptFields = {
  model: z.string().min(1),
  messages: z.array(message).min(1, { error: "expected at least one message" }),
  system: z.union([z.string(), z.array(jsonObject)], { error: "expected string or array of text blocks" }).nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: toolChoice.nullish(),
  thinking: thinking.nullish(),
  output_config: z.looseObject({ effort: z.string().nullish(), format: outputFormat.nullish() }).nullish(),
  /** The beta's name of `output_config.format`. */
  output_format: outputFormat.nullish(),
  stream: z.boolean().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_k: z.int().nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
  service_tier: z.string().nullish(),
};

/** The body of `POST /v1/messages`. */
export const messagesRequestSchema = z.looseObject({ ...promptFields, max_tokens: z.int().min(0) });

/** The body of `POST /v1/messages/count_tokens`: the same prompt, without a limit for the answer. */
export const countTokensRequestSchema = z.looseObject({ ...promptFields, max_tokens: z.int().min(0).nullish() });

export type MessagesRequest = z.infer<typeof countTokensRequestSchema>;
export type Message = z.infer<typeof message>;
export type AnthropicTool = z.infer<typeof tool>;
export type TextContent = z.infer<typeof textBlockSchema>;
export type ImageContent = z.infer<typeof imageBlockSchema>;
export type DocumentContent = z.infer<typeof documentBlockSchema>;
export type ThinkingContent = z.infer<typeof thinkingBlockSchema>;
export type ToolResultContent = z.infer<typeof toolResultBlockSchema>;
