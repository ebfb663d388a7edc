import { z } from "zod";
import { jsonValueSchema } from "../script/json-schema.ts";

const json = z.record(z.string(), jsonValueSchema);
const breakpoint = { prompt_cache_breakpoint: json.optional() };

const textPart = z.strictObject({ type: z.literal("text"), text: z.string(), ...breakpoint });
const refusalPart = z.strictObject({ type: z.literal("refusal"), refusal: z.string() });

const userPart = z.discriminatedUnion("type", [
  textPart,
  z.strictObject({
    type: z.literal("image_url"),
    image_url: z.strictObject({ url: z.string(), detail: z.enum(["auto", "low", "high"]).optional() }),
    ...breakpoint,
  }),
  z.strictObject({
    type: z.literal("input_audio"),
    input_audio: z.strictObject({ data: z.string(), format: z.enum(["wav", "mp3"]) }),
    ...breakpoint,
  }),
  z.strictObject({
    type: z.literal("file"),
    file: z.strictObject({
      file_data: z.string().optional(),
      file_id: z.string().optional(),
      filename: z.string().optional(),
    }),
    ...breakpoint,
  }),
]);

const name = z.string().optional();

const toolCall = z.discriminatedUnion("type", [
  z.strictObject({
    id: z.string(),
    type: z.literal("function"),
    // OpenAI's own SDK replays `parsed_arguments` here, and `parsed` on the message (captured 2026-10).
    function: z.looseObject({ name: z.string(), arguments: z.string() }),
  }),
  z.strictObject({
    id: z.string(),
    type: z.literal("custom"),
    custom: z.strictObject({ name: z.string(), input: z.string() }),
  }),
]);

const message = z.discriminatedUnion("role", [
  z.strictObject({ role: z.literal("system"), content: z.union([z.string(), z.array(textPart)]), name }),
  z.strictObject({ role: z.literal("developer"), content: z.union([z.string(), z.array(textPart)]), name }),
  z.strictObject({ role: z.literal("user"), content: z.union([z.string(), z.array(userPart)]), name }),
  z.strictObject({
    role: z.literal("assistant"),
    content: z.union([z.string(), z.array(z.discriminatedUnion("type", [textPart, refusalPart]))]).nullish(),
    refusal: z.string().nullish(),
    name,
    audio: z.strictObject({ id: z.string() }).nullish(),
    annotations: z.array(json).optional(),
    tool_calls: z.array(toolCall).optional(),
    function_call: z.strictObject({ name: z.string(), arguments: z.string() }).nullish(),
    parsed: jsonValueSchema.optional(),
    /** DeepSeek's. */
    reasoning_content: z.string().nullish(),
  }),
  z.strictObject({
    role: z.literal("tool"),
    content: z.union([z.string(), z.array(userPart)]),
    tool_call_id: z.string(),
  }),
  z.strictObject({ role: z.literal("function"), content: z.string().nullable(), name: z.string() }),
]);

const functionFields = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  parameters: json.optional(),
  strict: z.boolean().nullish(),
});

const tool = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("function"), function: functionFields }),
  z.strictObject({
    type: z.literal("custom"),
    custom: z.strictObject({ name: z.string(), description: z.string().optional(), format: json.optional() }),
  }),
]);

const toolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("function"), function: z.strictObject({ name: z.string() }) }),
    z.strictObject({ type: z.literal("custom"), custom: z.strictObject({ name: z.string() }) }),
    z.strictObject({
      type: z.literal("allowed_tools"),
      allowed_tools: z.strictObject({ mode: z.enum(["auto", "required"]), tools: z.array(json) }),
    }),
  ]),
]);

const responseFormat = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  z.strictObject({ type: z.literal("json_object") }),
  z.strictObject({
    type: z.literal("json_schema"),
    json_schema: z.strictObject({
      name: z.string(),
      description: z.string().optional(),
      schema: json.optional(),
      strict: z.boolean().nullish(),
    }),
  }),
]);

/** `POST /v1/chat/completions`. */
export const chatRequestSchema = z.strictObject({
  model: z.string(),
  messages: z.array(message),
  audio: json.nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  function_call: z.union([z.string(), json]).optional(),
  functions: z.array(json).optional(),
  logit_bias: json.nullish(),
  logprobs: z.boolean().nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  modalities: z.array(z.enum(["text", "audio"])).nullish(),
  moderation: json.nullish(),
  n: z.int().min(1).max(128).nullish(),
  parallel_tool_calls: z.boolean().optional(),
  prediction: json.nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_options: json.nullish(),
  prompt_cache_retention: z.string().nullish(),
  reasoning_effort: z.string().nullish(),
  response_format: responseFormat.optional(),
  safety_identifier: z.string().nullish(),
  seed: z.int().nullish(),
  service_tier: z.enum(["auto", "default", "flex", "scale", "priority", "fast"]).nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  store: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  tool_choice: toolChoice.optional(),
  tools: z.array(tool).optional(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  user: z.string().nullish(),
  verbosity: z.enum(["low", "medium", "high"]).nullish(),
  web_search_options: json.optional(),
});

export type ChatRequest = z.output<typeof chatRequestSchema>;
export type ChatMessage = ChatRequest["messages"][number];
export type ChatTool = NonNullable<ChatRequest["tools"]>[number];
