import * as z from "zod";

import { jsonObjectSchema, jsonValueSchema } from "../json-schema.ts";
import { isSet } from "./is-set.ts";

// Raw JSON is met here. What a schema does not name goes on untouched (`catchall`), since new fields are an ordinary day.

const nonEmpty = z.string().min(1);

/** The fields of a request that have a word in core. `null` is what several clients send for "not set". */
export const requestSchema = z
  .object({
    model: nonEmpty,
    input: z.union([nonEmpty, z.array(jsonObjectSchema)]).optional(),
    instructions: z.string().nullish(),
    stream: z.boolean().nullish(),
    tools: z.array(jsonObjectSchema).nullish(),
    tool_choice: z.union([z.string(), jsonObjectSchema]).nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    reasoning: z
      .object({ effort: z.string().nullish(), summary: z.string().nullish() })
      .catchall(jsonValueSchema)
      .nullish(),
    text: z
      .object({ format: jsonObjectSchema.nullish(), verbosity: z.string().nullish() })
      .catchall(jsonValueSchema)
      .nullish(),
    include: z.array(z.string()).nullish(),
    max_output_tokens: z.int().positive().nullish(),
    temperature: z.number().nullish(),
    top_p: z.number().nullish(),
    top_logprobs: z.int().min(0).nullish(),
    service_tier: z.string().nullish(),
    prompt_cache_key: z.string().nullish(),
    safety_identifier: z.string().nullish(),
    user: z.string().nullish(),
    metadata: jsonObjectSchema.nullish(),
    store: z.boolean().nullish(),
    previous_response_id: z.string().nullish(),
  })
  .catchall(jsonValueSchema);
export type ResponsesRequest = z.infer<typeof requestSchema>;

export const messageSchema = z
  .object({
    type: z.literal("message").optional(),
    role: z.enum(["user", "assistant", "system", "developer"]),
    content: z.union([z.string(), z.array(jsonObjectSchema)]),
  })
  .catchall(jsonValueSchema);
export type MessageItem = z.infer<typeof messageSchema>;

const textPart = z
  .object({ type: z.enum(["input_text", "output_text", "text"]), text: z.string() })
  .catchall(jsonValueSchema);
const refusalPart = z.object({ type: z.literal("refusal"), refusal: z.string() }).catchall(jsonValueSchema);
const imagePart = z
  .object({
    type: z.literal("input_image"),
    image_url: z.string().nullish(),
    file_id: z.string().nullish(),
    detail: z.string().nullish(),
  })
  .catchall(jsonValueSchema)
  .refine((part) => isSet(part.image_url) || isSet(part.file_id), "`image_url` or `file_id` is needed");
const filePart = z
  .object({
    type: z.literal("input_file"),
    file_data: z.string().nullish(),
    file_url: z.string().nullish(),
    file_id: z.string().nullish(),
    filename: z.string().nullish(),
  })
  .catchall(jsonValueSchema)
  .refine(
    (part) => isSet(part.file_data) || isSet(part.file_url) || isSet(part.file_id),
    "`file_data`, `file_url` or `file_id` is needed",
  );
const audioPart = z
  .object({
    type: z.literal("input_audio"),
    input_audio: z.object({ data: z.string(), format: z.string() }).catchall(jsonValueSchema),
  })
  .catchall(jsonValueSchema);

/** Content parts by `type`; a type that is not here travels whole. */
export const partSchemas = {
  input_text: textPart,
  output_text: textPart,
  text: textPart,
  refusal: refusalPart,
  input_image: imagePart,
  input_file: filePart,
  input_audio: audioPart,
} as const;
export type TextPart = z.infer<typeof textPart>;
export type ImagePart = z.infer<typeof imagePart>;
export type FilePart = z.infer<typeof filePart>;
export type AudioPart = z.infer<typeof audioPart>;

export const functionCallSchema = z
  .object({
    type: z.literal("function_call"),
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
    id: z.string().nullish(),
    namespace: z.string().nullish(),
  })
  .catchall(jsonValueSchema);

export const customCallSchema = z
  .object({
    type: z.literal("custom_tool_call"),
    call_id: z.string(),
    name: z.string(),
    input: z.string(),
    id: z.string().nullish(),
    namespace: z.string().nullish(),
  })
  .catchall(jsonValueSchema);

export const callOutputSchema = z
  .object({
    type: z.enum(["function_call_output", "custom_tool_call_output"]),
    call_id: nonEmpty,
    output: z.union([z.string(), z.array(jsonObjectSchema)]),
  })
  .catchall(jsonValueSchema);

const summaryText = z.strictObject({ type: z.literal("summary_text"), text: z.string() });
const reasoningText = z.strictObject({ type: z.literal("reasoning_text"), text: z.string() });

export const reasoningSchema = z
  .object({
    type: z.literal("reasoning"),
    summary: z.array(summaryText).optional(),
    content: z.array(reasoningText).nullish(),
    encrypted_content: z.string().nullish(),
    id: z.string().nullish(),
  })
  .catchall(jsonValueSchema);
export type ReasoningItem = z.infer<typeof reasoningSchema>;

const toolName = nonEmpty;

export const functionToolSchema = z
  .object({
    type: z.literal("function"),
    name: toolName,
    description: z.string().nullish(),
    parameters: jsonObjectSchema.nullish(),
    strict: z.boolean().nullish(),
  })
  .catchall(jsonValueSchema);

export const customToolSchema = z
  .object({
    type: z.literal("custom"),
    name: toolName,
    description: z.string().nullish(),
    format: jsonObjectSchema.nullish(),
  })
  .catchall(jsonValueSchema);

export const namespaceToolSchema = z
  .object({ type: z.literal("namespace"), name: toolName, tools: z.array(jsonObjectSchema) })
  .catchall(jsonValueSchema);

export const jsonSchemaFormatSchema = z.strictObject({
  type: z.literal("json_schema"),
  name: nonEmpty,
  schema: jsonObjectSchema,
  strict: z.boolean().nullable().optional(),
  description: z.string().optional(),
});

export const annotationSchema = z
  .object({
    type: z.string(),
    url: z.string().optional(),
    title: z.string().optional(),
    start_index: z.number().optional(),
    end_index: z.number().optional(),
  })
  .catchall(jsonValueSchema);
export type Annotation = z.infer<typeof annotationSchema>;
