import * as z from "zod";

import { jsonObjectSchema as jsonObject, jsonValueSchema as jsonValue } from "../json-schema.ts";

// What clients write, after `camelRequest`: strict where a mistake would change the meaning, open for fields nobody has
// told us of, which travel as extras. `null` means "not set", as in every protobuf JSON.

const blob = z.looseObject({ mimeType: z.string(), data: z.string(), displayName: z.string().nullish() });
const fileData = z.looseObject({
  fileUri: z.string().min(1),
  mimeType: z.string().nullish(),
  displayName: z.string().nullish(),
});

const functionCall = z.looseObject({
  name: z.string().min(1),
  id: z.string().nullish(),
  args: jsonObject.nullish(),
  partialArgs: z.array(jsonObject).nullish(),
});

/** Media inside a tool's result. */
const responsePart = z.looseObject({ inlineData: blob.nullish(), fileData: fileData.nullish() });

const functionResponse = z.looseObject({
  name: z.string().min(1),
  id: z.string().nullish(),
  response: jsonObject.nullish(),
  parts: z.array(responsePart).nullish(),
});

const part = z
  .looseObject({
    text: z.string().nullish(),
    thought: z.boolean().nullish(),
    thoughtSignature: z.string().nullish(),
    inlineData: blob.nullish(),
    fileData: fileData.nullish(),
    functionCall: functionCall.nullish(),
    functionResponse: functionResponse.nullish(),
    executableCode: jsonObject.nullish(),
    codeExecutionResult: jsonObject.nullish(),
  })
  .superRefine((value, context) => {
    for (const key in value) if (value[key] !== undefined && value[key] !== null) return;
    context.addIssue({ code: "custom", path: [], message: "a part needs a field such as `text`" });
  });

const parts = z.array(part);

const content = z.looseObject({
  // `function` is the older role of a turn with results.
  role: z.enum(["user", "model", "function"], { error: "please use a valid role: user, model" }).nullish(),
  parts: parts.nullish(),
});

const systemInstruction = z.looseObject({ role: z.string().nullish(), parts });

const functionDeclaration = z
  .looseObject({
    name: z.string().min(1),
    description: z.string().nullish(),
    parameters: jsonObject.nullish(),
    parametersJsonSchema: jsonObject.nullish(),
  })
  .superRefine((value, context) => {
    if (value.parameters && value.parametersJsonSchema) {
      const message = "`parameters` and `parametersJsonSchema` exclude each other";
      context.addIssue({ code: "custom", path: ["parametersJsonSchema"], message });
    }
  });

const tool = z.looseObject({ functionDeclarations: z.array(functionDeclaration).nullish() });

const functionCallingConfig = z.looseObject({
  mode: z.string().nullish(),
  allowedFunctionNames: z.array(z.string()).nullish(),
});

const toolConfig = z.looseObject({ functionCallingConfig: functionCallingConfig.nullish() });

const thinkingConfig = z.looseObject({
  includeThoughts: z.boolean().nullish(),
  thinkingBudget: z.int().min(-1).nullish(),
  thinkingLevel: z.string().nullish(),
});

const generationConfig = z
  .looseObject({
    temperature: z.number().nullish(),
    topP: z.number().nullish(),
    topK: z.number().nullish(),
    maxOutputTokens: z.int().min(1).nullish(),
    stopSequences: z.array(z.string()).nullish(),
    seed: z.int().nullish(),
    presencePenalty: z.number().nullish(),
    frequencyPenalty: z.number().nullish(),
    candidateCount: z.int().min(1).nullish(),
    responseLogprobs: z.boolean().nullish(),
    logprobs: z.int().min(0).nullish(),
    responseMimeType: z.string().nullish(),
    responseSchema: jsonObject.nullish(),
    responseJsonSchema: jsonValue.nullish(),
    responseModalities: z.array(z.string()).nullish(),
    thinkingConfig: thinkingConfig.nullish(),
  })
  .superRefine((value, context) => {
    const { thinkingConfig: thinking } = value;
    const hasLevel = thinking?.thinkingLevel && thinking.thinkingLevel !== "THINKING_LEVEL_UNSPECIFIED";
    // Google answers 400 to both (T23).
    if (hasLevel && typeof thinking.thinkingBudget === "number") {
      const message = "`thinkingBudget` and `thinkingLevel` exclude each other";
      context.addIssue({ code: "custom", path: ["thinkingConfig", "thinkingBudget"], message });
    }
    if (value.responseSchema && value.responseJsonSchema) {
      const message = "`responseSchema` and `responseJsonSchema` exclude each other";
      context.addIssue({ code: "custom", path: ["responseJsonSchema"], message });
    }
  });

/** The body of `:generateContent` and `:streamGenerateContent`, with what the router takes out of the URL beside it. */
export const geminiRequestSchema = z.looseObject({
  /** Out of the URL, as is `stream`; the wire's own body has neither. */
  model: z.string().nullish(),
  stream: z.boolean().nullish(),
  contents: z.array(content).min(1, { error: "expected at least one content" }),
  systemInstruction: systemInstruction.nullish(),
  // One tool in place of a list of one is taken by the API too (recorded).
  tools: z.union([z.array(tool), tool.transform((single) => [single])], { error: "expected array of tools" }).nullish(),
  toolConfig: toolConfig.nullish(),
  generationConfig: generationConfig.nullish(),
  labels: jsonObject.nullish(),
  serviceTier: z.string().nullish(),
});

export type GeminiRequest = z.infer<typeof geminiRequestSchema>;
export type GeminiContent = z.infer<typeof content>;
export type GeminiPart = z.infer<typeof part>;
export type GeminiFunctionCall = z.infer<typeof functionCall>;
export type GeminiFunctionResponse = z.infer<typeof functionResponse>;
export type GeminiTool = z.infer<typeof tool>;
export type GeminiFunctionDeclaration = z.infer<typeof functionDeclaration>;
export type GeminiGenerationConfig = z.infer<typeof generationConfig>;
export type GeminiBlob = z.infer<typeof blob>;
export type GeminiFileData = z.infer<typeof fileData>;
