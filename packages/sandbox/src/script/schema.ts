import { z } from "zod";
import { jsonValueSchema } from "./json-schema.ts";

const milliseconds = z.number().min(0).max(3_600_000);

/** Every step may wait before its first event and before each later one. */
const timing = {
  silenceMs: milliseconds.optional().describe("Milliseconds of silence before the first event of this step."),
  delayMs: milliseconds.optional().describe("Milliseconds before each event of this step."),
};

/** How a string is cut into delta events. Without either: deltas of 16 characters. */
const slicing = {
  deltaLength: z.int().positive().optional().describe("Characters in a delta."),
  deltas: z.int().min(0).max(100_000).optional().describe("Count of deltas; 0 means none, only the done events."),
};

const reasoningStep = z.strictObject({
  type: z.literal("reasoning"),
  summary: z.array(z.string()).default([]).describe("One summary part each."),
  encryptedLength: z.int().min(0).max(1_000_000).default(120).describe("Length of the opaque payload in characters."),
  ...slicing,
  ...timing,
});

const textStep = z.strictObject({
  type: z.literal("text"),
  text: z.string(),
  phase: z.enum(["commentary", "final_answer"]).optional(),
  annotations: z.array(z.record(z.string(), jsonValueSchema)).default([]),
  ...slicing,
  ...timing,
});

const jsonStep = z.strictObject({
  type: z.literal("json"),
  value: jsonValueSchema.describe("Sent as compact JSON text."),
  ...slicing,
  ...timing,
});

const refusalStep = z.strictObject({ type: z.literal("refusal"), refusal: z.string(), ...slicing, ...timing });

const functionCallStep = z.strictObject({
  type: z.literal("function-call"),
  name: z.string(),
  namespace: z.string().optional(),
  arguments: jsonValueSchema.default({}).describe("A string goes out as it is; anything else as compact JSON."),
  callId: z.string().optional().describe("Default: made by the sandbox, different in each answer."),
  ...slicing,
  ...timing,
});

const customToolCallStep = z.strictObject({
  type: z.literal("custom-tool-call"),
  name: z.string(),
  namespace: z.string().optional(),
  input: z.string(),
  callId: z.string().optional(),
  ...slicing,
  ...timing,
});

const webSearchStep = z.strictObject({ type: z.literal("web-search"), query: z.string(), ...timing });

const compactionStep = z.strictObject({
  type: z.literal("compaction"),
  encryptedLength: z.int().min(0).max(1_000_000).default(120),
  ...timing,
});

const keepAliveStep = z.strictObject({
  type: z.literal("keep-alive"),
  count: z.int().positive().max(100_000).default(1),
  event: z.string().default("keepalive").describe("Type of the event sent."),
  ...timing,
});

const silenceStep = z.strictObject({ type: z.literal("silence"), milliseconds });

const rawStep = z.strictObject({
  type: z.literal("raw"),
  event: z.looseObject({ type: z.string() }).describe("Sent as it is, with a sequence number."),
  ...timing,
});

const parallelStep = z.strictObject({
  type: z.literal("parallel"),
  calls: z
    .array(z.discriminatedUnion("type", [functionCallStep, customToolCallStep]))
    .min(1)
    .max(128),
  interleaved: z
    .boolean()
    .default(false)
    .describe("True: the events of the calls alternate. OpenAI sends one call after the other."),
});

export const stepSchema = z.discriminatedUnion("type", [
  reasoningStep,
  textStep,
  jsonStep,
  refusalStep,
  functionCallStep,
  customToolCallStep,
  webSearchStep,
  compactionStep,
  keepAliveStep,
  silenceStep,
  rawStep,
  parallelStep,
]);

const usageSchema = z.strictObject({
  inputTokens: z.int().min(0).optional().describe("Default: estimated from the request."),
  cachedTokens: z.int().min(0).optional().describe("Default: what a continuation did not send again."),
  outputTokens: z.int().min(0).optional().describe("Default: estimated from the answer."),
  reasoningTokens: z.int().min(0).optional().describe("Default: 0, or 64 with a reasoning step."),
});

const finishSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("completed") }),
  z.strictObject({ type: z.literal("incomplete"), reason: z.string().default("max_output_tokens") }),
  z.strictObject({ type: z.literal("failed"), code: z.string(), message: z.string() }),
]);

/** What a simulated model says, as data: it can come from a JSON or YAML file. */
export const answerScriptSchema = z.strictObject({
  steps: z.array(stepSchema).max(10_000).default([]).describe("Output in this order."),
  finish: finishSchema.default({ type: "completed" }).describe("The terminal event."),
  usage: usageSchema.default({}),
  delayMs: milliseconds.default(0).describe("Milliseconds before every event that names no delay of its own."),
  emptyTerminalOutput: z
    .boolean()
    .default(false)
    .describe("True: the terminal event carries an empty `output`, as some real answers do."),
  prelude: z
    .boolean()
    .optional()
    .describe("Events `codex.rate_limits` and `codex.response.metadata` before the start. Default: on sockets only."),
});

/** An answer as a test or a file writes it. */
export type AnswerScript = z.input<typeof answerScriptSchema>;
/** One step of an answer as a test or a file writes it. */
export type AnswerStep = z.input<typeof stepSchema>;
/** An answer with every default filled in. */
export type ParsedAnswer = z.output<typeof answerScriptSchema>;
export type ParsedStep = z.output<typeof stepSchema>;
