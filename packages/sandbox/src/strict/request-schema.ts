import type { JsonValue } from "@turnout/core";
import { z } from "zod";
import { pathText } from "../json-path.ts";
import { apiRefusal, detailRefusal, type Refusal } from "../refusal.ts";
import { jsonValueSchema } from "../script/json-schema.ts";

const contentPartSchema = z.looseObject({ type: z.string() });

const toolSchema = z.looseObject({ type: z.string(), name: z.string().optional() });

export const inputItemSchema = z.looseObject({
  /** Missing on messages of some clients: a role says enough. */
  type: z.string().optional(),
  id: z.string().nullish(),
  role: z.string().optional(),
  content: z.union([z.string(), z.array(contentPartSchema)]).nullish(),
  /** Null on what the service searched by itself. */
  call_id: z
    .string()
    .nullish()
    .transform((id) => id ?? undefined),
  encrypted_content: z.string().nullish(),
  tools: z.array(toolSchema).optional(),
});

/** What the sandbox looks at in a `/responses` body; everything else is kept. */
export const responsesRequestSchema = z.looseObject({
  model: z.string().min(1),
  instructions: z.string().optional(),
  input: z.array(inputItemSchema),
  tools: z.array(toolSchema).optional(),
  parallel_tool_calls: z.boolean().optional(),
  reasoning: z
    .looseObject({
      effort: z.string().nullish(),
      summary: z.enum(["auto", "concise", "detailed", "none"]).nullish(),
      context: z.string().optional(),
    })
    .nullish(),
  store: z.boolean().optional(),
  stream: z.boolean().optional(),
  stream_options: z.record(z.string(), z.unknown()).nullish(),
  include: z.array(z.string()).optional(),
  service_tier: z.string().optional(),
  prompt_cache_key: z.string().optional(),
  text: z
    .looseObject({
      verbosity: z.enum(["low", "medium", "high"]).nullish(),
      format: z.looseObject({ type: z.string(), schema: z.record(z.string(), jsonValueSchema).optional() }).optional(),
    })
    .optional(),
  client_metadata: z.record(z.string(), z.string()).optional(),
  previous_response_id: z.string().nullish(),
  generate: z.boolean().optional(),
});

export type ResponsesRequest = z.output<typeof responsesRequestSchema>;
export type InputItem = z.output<typeof inputItemSchema>;
export type RequestTool = z.output<typeof toolSchema>;

function schemaRefusal(error: z.ZodError): Refusal {
  const issue = error.issues[0];
  const param = pathText(issue?.path ?? []);
  const missing = issue?.code === "invalid_type" && issue.message.includes("received undefined");
  const message = missing
    ? `Missing required parameter: '${param}'.`
    : `Invalid type or value for '${param}': ${issue?.message ?? "unknown"}`;
  return apiRefusal(400, { message, code: missing ? "missing_required_parameter" : "invalid_type", param });
}

export type ParsedRequest =
  | { readonly ok: true; readonly request: ResponsesRequest }
  | { readonly ok: false; readonly refusal: Refusal };

/** Reads a body; says in the backend's words what is wrong with it. */
export function parseResponsesRequest(body: JsonValue | undefined): ParsedRequest {
  if (typeof body === "object" && body !== null && "input" in body && !Array.isArray(body.input)) {
    return { ok: false, refusal: detailRefusal(400, "Input must be a list") };
  }
  const result = responsesRequestSchema.safeParse(body);
  return result.success ? { ok: true, request: result.data } : { ok: false, refusal: schemaRefusal(result.error) };
}
