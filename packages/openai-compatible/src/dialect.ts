import { z } from "zod";

const names = z.record(z.string(), z.string());

/**
 * In what a server's Chat Completions differs from OpenAI's. It has no defaults, so that a user's dialect says only what the
 * user wrote.
 */
export const chatDialectSchema = z.strictObject({
  maxTokensField: z.enum(["max_tokens", "max_completion_tokens"]).describe("Name of the limit on output tokens."),
  developerRole: z.boolean().describe("Takes role developer; else its messages are sent as system."),
  requiredToolChoice: z.enum(["required", "any"]).describe("tool_choice for: call some tool."),
  namedToolChoice: z
    .boolean()
    .describe("Takes a tool_choice that names a function; else only that tool is sent, and some tool required."),
  allowedToolChoice: z.boolean().describe("Takes tool_choice allowed_tools; else only these tools are sent."),
  parallelToolCalls: z.boolean().describe("Takes parallel_tool_calls."),
  strictTools: z.boolean().describe("Takes strict in function tools."),
  toolCallIds: z
    .enum(["any", "nine"])
    .describe("nine: ids of calls must be nine letters or digits; others are mapped, always in the same way."),
  messageNames: z.boolean().describe("Takes name in messages."),
  reasoningField: z
    .enum(["reasoning_content", "reasoning", "none"])
    .describe("Where an assistant's earlier thoughts go back; none: they are left out."),
  reasoningRequired: z
    .boolean()
    .describe("Refuses an assistant's message without its thoughts; an empty text stands for unknown ones."),
  reasoningDetails: z.boolean().describe("Wants reasoning_details of earlier answers back unchanged."),
  reasoningEffort: z.boolean().describe("Takes reasoning_effort."),
  effortNames: names.describe("Efforts by another name, where the server knows fewer."),
  noReasoning: z
    .record(z.string(), z.json())
    .optional()
    .describe("Fields sent for reasoning_effort none, instead of it."),
  jsonSchema: z
    .boolean()
    .describe("Takes response_format json_schema; else json_object, with the schema in a system message."),
  streamUsage: z
    .enum(["asked", "always"])
    .describe("asked: streams tell usage with stream_options only; always: they do anyway, and refuse that field."),
  renamedFields: names.describe("Top-level fields by another name."),
  refusedFields: z.array(z.string()).describe("Top-level fields that are left out and reported."),
});

export type ChatDialect = z.output<typeof chatDialectSchema>;

/** What every server known takes, so that an unknown one works; a preset or the user's config says more. */
export const defaultChatDialect: ChatDialect = {
  maxTokensField: "max_tokens",
  developerRole: false,
  requiredToolChoice: "required",
  namedToolChoice: true,
  allowedToolChoice: false,
  parallelToolCalls: true,
  strictTools: true,
  toolCallIds: "any",
  messageNames: true,
  reasoningField: "none",
  reasoningRequired: false,
  reasoningDetails: false,
  reasoningEffort: true,
  effortNames: {},
  jsonSchema: true,
  streamUsage: "asked",
  renamedFields: {},
  refusedFields: ["store"],
};
