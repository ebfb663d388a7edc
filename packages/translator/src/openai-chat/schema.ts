import * as z from "zod";

import { jsonObjectSchema as jsonObject } from "../json-schema.ts";

// What clients write, strict where a mistake would change the meaning and open for fields nobody has told us of: those
// travel as extras. `null` stands for "not set" everywhere, as in OpenAI's API.

const imageUrl = z.union([z.string(), z.looseObject({ url: z.string(), detail: z.string().nullish() })]);

const fileFields = z.looseObject({
  file_data: z.string().nullish(),
  file_id: z.string().nullish(),
  filename: z.string().nullish(),
});

const audioFields = z.looseObject({ data: z.string(), format: z.string() });

const cacheMark = z.looseObject({ ttl: z.string().nullish() });

/** The field that must be there for each type of part we know; parts of other types are carried whole. */
const partField = {
  text: "text",
  refusal: "refusal",
  image_url: "image_url",
  file: "file",
  input_audio: "input_audio",
} as const;

const contentPart = z
  .looseObject({
    type: z.string(),
    text: z.string().nullish(),
    refusal: z.string().nullish(),
    image_url: imageUrl.nullish(),
    file: fileFields.nullish(),
    input_audio: audioFields.nullish(),
    cache_control: cacheMark.nullish(),
    prompt_cache_breakpoint: z.looseObject({}).nullish(),
  })
  .superRefine((part, context) => {
    const field = Object.hasOwn(partField, part.type) ? partField[part.type as keyof typeof partField] : undefined;
    if (field !== undefined && (part[field] === undefined || part[field] === null)) {
      context.addIssue({
        code: "custom",
        path: [field],
        message: `a part of type \`${part.type}\` needs \`${field}\``,
      });
    }
  });

const content = z.union([z.string(), z.array(contentPart)], { error: "expected string or array of content parts" });

const functionCall = z.looseObject({
  name: z.string(),
  arguments: z.union([z.string(), jsonObject]).nullish(),
});

const toolCall = z
  .looseObject({
    id: z.string().nullish(),
    type: z.string().nullish(),
    function: functionCall.nullish(),
    custom: z.looseObject({ name: z.string(), input: z.string().nullish() }).nullish(),
    // The Responses shape of a custom call, which some clients send here too.
    name: z.string().nullish(),
    input: z.string().nullish(),
    extra_content: jsonObject.nullish(),
  })
  .superRefine((call, context) => {
    const isCustom = call.type === "custom";
    if (isCustom ? (call.custom?.name ?? call.name) === undefined : call.function?.name === undefined) {
      const field = isCustom ? "custom" : "function";
      context.addIssue({ code: "custom", path: [field], message: `a tool call needs \`${field}.name\`` });
    }
  });

const systemFields = { content, name: z.string().nullish() };

const assistantMessage = z.looseObject({
  role: z.literal("assistant"),
  content: content.nullish(),
  refusal: z.string().nullish(),
  name: z.string().nullish(),
  tool_calls: z.array(toolCall).nullish(),
  function_call: functionCall.nullish(),
});

const message = z.discriminatedUnion(
  "role",
  [
    z.looseObject({ role: z.literal("system"), ...systemFields }),
    z.looseObject({ role: z.literal("developer"), ...systemFields }),
    z.looseObject({ role: z.literal("user"), ...systemFields }),
    assistantMessage,
    z.looseObject({ role: z.literal("tool"), content, tool_call_id: z.string().nullish() }),
    z.looseObject({ role: z.literal("function"), content: content.nullish(), name: z.string() }),
  ],
  { error: "expected `system`, `developer`, `user`, `assistant`, `tool` or `function`" },
);

const functionFields = {
  name: z.string().min(1),
  description: z.string().nullish(),
  parameters: jsonObject.nullish(),
  strict: z.boolean().nullish(),
};

const customFields = {
  name: z.string().min(1),
  description: z.string().nullish(),
  format: jsonObject.nullish(),
};

const tool = z
  .looseObject({
    // Left out by Mistral's clients, for functions only.
    type: z.string().nullish(),
    function: z.looseObject(functionFields).nullish(),
    custom: z.looseObject(customFields).nullish(),
    name: z.string().nullish(),
    description: z.string().nullish(),
    format: jsonObject.nullish(),
  })
  .superRefine((value, context) => {
    const type = value.type ?? "function";
    if (type === "function" && !value.function) {
      context.addIssue({ code: "custom", path: ["function"], message: "a tool of type `function` needs `function`" });
    }
    if (type === "custom" && !(value.custom?.name ?? value.name)) {
      context.addIssue({ code: "custom", path: ["custom"], message: "a tool of type `custom` needs `custom.name`" });
    }
  });

const named = z.looseObject({ name: z.string() });

const allowedTools = z.looseObject({ mode: z.string(), tools: z.array(jsonObject) });

const toolChoice = z.union([
  z.string(),
  z.looseObject({
    type: z.string(),
    function: named.nullish(),
    custom: named.nullish(),
    name: z.string().nullish(),
    allowed_tools: allowedTools.nullish(),
  }),
]);

const jsonSchemaFormat = z.looseObject({
  name: z.string().nullish(),
  schema: jsonObject.nullish(),
  strict: z.boolean().nullish(),
  description: z.string().nullish(),
});

const responseFormat = z
  .looseObject({ type: z.string(), json_schema: jsonSchemaFormat.nullish() })
  .superRefine((value, context) => {
    if (value.type === "json_schema" && !value.json_schema) {
      context.addIssue({ code: "custom", path: ["json_schema"], message: "format `json_schema` needs `json_schema`" });
    }
  });

const webSearchOptions = z.looseObject({
  search_context_size: z.string().nullish(),
  user_location: z.looseObject({ type: z.string().nullish(), approximate: jsonObject.nullish() }).nullish(),
});

/** The body of `POST /v1/chat/completions`. */
export const chatRequestSchema = z.looseObject({
  model: z.string().min(1),
  messages: z.array(message).min(1, { error: "expected at least one message" }),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  functions: z.array(z.looseObject(functionFields)).nullish(),
  function_call: z.union([z.string(), named]).nullish(),
  response_format: responseFormat.nullish(),
  reasoning_effort: z.string().nullish(),
  reasoning: z.looseObject({ effort: z.string().nullish(), max_tokens: z.number().nullish() }).nullish(),
  verbosity: z.string().nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_k: z.int().nullish(),
  seed: z.int().nullish(),
  presence_penalty: z.number().nullish(),
  frequency_penalty: z.number().nullish(),
  logit_bias: jsonObject.nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  n: z.int().min(1).nullish(),
  service_tier: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  user: z.string().nullish(),
  metadata: jsonObject.nullish(),
  store: z.boolean().nullish(),
  web_search_options: webSearchOptions.nullish(),
});

export type ChatRequest = z.infer<typeof chatRequestSchema>;
export type ChatMessage = z.infer<typeof message>;
export type ChatAssistantMessage = z.infer<typeof assistantMessage>;
export type ChatContent = z.infer<typeof content>;
export type ChatContentPart = z.infer<typeof contentPart>;
export type ChatToolCall = z.infer<typeof toolCall>;
export type ChatFunctionCall = z.infer<typeof functionCall>;
export type ChatTool = z.infer<typeof tool>;
export type ChatFunction = NonNullable<ChatTool["function"]>;
export type ChatToolChoice = z.infer<typeof toolChoice>;
export type ChatResponseFormat = z.infer<typeof responseFormat>;
export type ChatWebSearchOptions = z.infer<typeof webSearchOptions>;

/** An assistant's message in an upstream's answer; the same shape as in a history, so one reader serves both. */
export const chatAssistantMessageSchema = assistantMessage;
