import { z } from "zod";
import { jsonValueSchema } from "../script/json-schema.ts";

const cacheControl = z.strictObject({ type: z.literal("ephemeral"), ttl: z.enum(["5m", "1h"]).optional() }).nullish();

const idPattern = /^[a-zA-Z0-9_-]+$/;
const id = z.string().regex(idPattern);
const json = z.record(z.string(), jsonValueSchema);

const imageTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"] as const;

const urlSource = z.strictObject({ type: z.literal("url"), url: z.string() });
const fileSource = z.strictObject({ type: z.literal("file"), file_id: z.string() });

const textBlock = z.strictObject({
  type: z.literal("text"),
  text: z.string(),
  citations: z.array(json).nullish(),
  cache_control: cacheControl,
});

const imageBlock = z.strictObject({
  type: z.literal("image"),
  source: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("base64"), media_type: z.enum(imageTypes), data: z.base64() }),
    urlSource,
    fileSource,
  ]),
  transformations: json.optional(),
  cache_control: cacheControl,
});

const documentBlock = z.strictObject({
  type: z.literal("document"),
  source: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("base64"), media_type: z.literal("application/pdf"), data: z.base64() }),
    z.strictObject({ type: z.literal("text"), media_type: z.literal("text/plain"), data: z.string() }),
    z.strictObject({ type: z.literal("content"), content: z.array(json) }),
    urlSource,
    fileSource,
  ]),
  title: z.string().nullish(),
  context: z.string().nullish(),
  citations: z.strictObject({ enabled: z.boolean().optional() }).nullish(),
  cache_control: cacheControl,
});

const searchResultBlock = z.strictObject({
  type: z.literal("search_result"),
  source: z.string(),
  title: z.string(),
  content: z.array(textBlock).min(1),
  citations: z.strictObject({ enabled: z.boolean().optional() }).nullish(),
  cache_control: cacheControl,
});

const toolReference = z.looseObject({ type: z.literal("tool_reference"), tool_name: z.string() });

const toolResultBlock = z.strictObject({
  type: z.literal("tool_result"),
  tool_use_id: id,
  content: z
    .array(z.discriminatedUnion("type", [textBlock, imageBlock, documentBlock, searchResultBlock, toolReference]))
    .optional(),
  is_error: z.boolean().nullish(),
  cache_control: cacheControl,
});

const toolUseBlock = z.strictObject({
  type: z.literal("tool_use"),
  id,
  name: z.string().min(1).max(200),
  input: json,
  caller: json.optional(),
  cache_control: cacheControl,
});

const serverToolUse = z.looseObject({
  type: z.enum(["server_tool_use", "mcp_tool_use"]),
  id,
  name: z.string(),
  input: json,
});

const serverResults = [
  "web_search_tool_result",
  "web_fetch_tool_result",
  "code_execution_tool_result",
  "bash_code_execution_tool_result",
  "text_editor_code_execution_tool_result",
  "tool_search_tool_result",
  "advisor_tool_result",
  "mcp_tool_result",
] as const;

const serverResult = z.looseObject({ type: z.enum(serverResults), tool_use_id: id });

const otherBlock = z.looseObject({
  type: z.enum(["container_upload", "compaction", "fallback", "tool_addition", "tool_removal"]),
});

const contentBlock = z.discriminatedUnion("type", [
  textBlock,
  imageBlock,
  documentBlock,
  searchResultBlock,
  z.strictObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string() }),
  z.strictObject({ type: z.literal("redacted_thinking"), data: z.string() }),
  toolUseBlock,
  toolResultBlock,
  serverToolUse,
  serverResult,
  otherBlock,
]);

const effort = z.enum(["low", "medium", "high", "xhigh", "max"]);

const message = z.strictObject({
  role: z.enum(["user", "assistant", "system"]),
  content: z.array(contentBlock),
  // With a beta only, on a system turn: from here on.
  output_config: z.strictObject({ effort: effort.nullish() }).optional(),
});

const customTool = z.strictObject({
  type: z.literal("custom"),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
  description: z.string().optional(),
  input_schema: z.looseObject({ type: z.literal("object") }),
  cache_control: cacheControl,
  strict: z.boolean().optional(),
  defer_loading: z.boolean().optional(),
  eager_input_streaming: z.boolean().nullish(),
  input_examples: z.array(json).optional(),
  allowed_callers: z.array(z.string()).optional(),
});

/** `web_search_20250305`, `mcp_toolset`, … */
const serverTool = z.looseObject({
  type: z.string().regex(/^([a-z0-9_]+_\d{8}|mcp_toolset)$/, { abort: true }),
  name: z.string().optional(),
  cache_control: cacheControl,
});

const shownThinking = {
  display: z.enum(["summarized", "omitted"]).nullish(),
  // With a beta only.
  block_binding: z.strictObject({ prefix_mismatch_behavior: z.enum(["error", "drop_block"]).nullish() }).nullish(),
};

const parallel = { disable_parallel_tool_use: z.boolean().optional() };

/** A body with texts already in list form; see `normaliseContent`. */
export const messagesRequestSchema = z.strictObject({
  model: z.string().min(1),
  messages: z.array(message).min(1),
  max_tokens: z.int().min(0),
  system: z.array(textBlock).optional(),
  tools: z.array(z.union([customTool, serverTool])).optional(),
  tool_choice: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("auto"), ...parallel }),
      z.strictObject({ type: z.literal("any"), ...parallel }),
      z.strictObject({ type: z.literal("tool"), name: z.string(), ...parallel }),
      z.strictObject({ type: z.literal("none") }),
    ])
    .optional(),
  thinking: z
    .discriminatedUnion("type", [
      z.strictObject({
        type: z.literal("enabled"),
        budget_tokens: z.int().min(1024),
        ...shownThinking,
      }),
      z.strictObject({ type: z.literal("adaptive"), ...shownThinking }),
      z.strictObject({ type: z.literal("disabled") }),
    ])
    .optional(),
  output_config: z
    .strictObject({
      effort: effort.nullish(),
      format: z.strictObject({ type: z.literal("json_schema"), schema: json }).nullish(),
      task_budget: json.nullish(),
    })
    .optional(),
  metadata: z.strictObject({ user_id: z.string().max(10_000).nullish() }).optional(),
  stop_sequences: z.array(z.string()).optional(),
  stream: z.boolean().optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().min(0).optional(),
  service_tier: z.enum(["auto", "standard_only"]).optional(),
  cache_control: cacheControl,
  container: z.union([z.string(), json]).nullish(),
  inference_geo: z.string().nullish(),
  // With a beta only.
  mcp_servers: z.array(json).optional(),
  context_management: json.nullish(),
  speed: z.enum(["standard", "fast"]).nullish(),
});

/** What `/count_tokens` takes. */
export const countRequestSchema = messagesRequestSchema.omit({
  max_tokens: true,
  stream: true,
  temperature: true,
  top_p: true,
  top_k: true,
  stop_sequences: true,
  service_tier: true,
  metadata: true,
  container: true,
  inference_geo: true,
});

export type CountRequest = z.output<typeof countRequestSchema>;
export type MessagesRequest = z.output<typeof messagesRequestSchema>;
export type Message = MessagesRequest["messages"][number];
export type ContentBlock = Message["content"][number];
