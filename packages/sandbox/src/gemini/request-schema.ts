import { z } from "zod";
import { jsonValueSchema } from "../script/json-schema.ts";

const json = z.record(z.string(), jsonValueSchema);

const partSchema = z.looseObject({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  thoughtSignature: z.string().optional(),
  inlineData: z.looseObject({ mimeType: z.string().default(""), data: z.string().default("") }).optional(),
  fileData: z.looseObject({ fileUri: z.string().default("") }).optional(),
  functionCall: z
    .looseObject({ id: z.string().optional(), name: z.string().default(""), args: jsonValueSchema.optional() })
    .optional(),
  functionResponse: z
    .looseObject({ id: z.string().optional(), name: z.string().default(""), response: jsonValueSchema.optional() })
    .optional(),
});

const contentSchema = z.looseObject({ role: z.string().optional(), parts: z.array(partSchema).default([]) });

const declarationSchema = z.looseObject({
  name: z.string().default(""),
  description: z.string().optional(),
  parameters: json.optional(),
  parametersJsonSchema: jsonValueSchema.optional(),
});

const toolSchema = z.looseObject({ functionDeclarations: z.array(declarationSchema).default([]) });

/** A body after `readProto`: names are in camel case, types are right. */
export const geminiRequestSchema = z.looseObject({
  contents: z.array(contentSchema).default([]),
  systemInstruction: contentSchema.optional(),
  tools: z.array(toolSchema).default([]),
  toolConfig: z
    .looseObject({
      functionCallingConfig: z
        .looseObject({ mode: z.string().optional(), allowedFunctionNames: z.array(z.string()).default([]) })
        .optional(),
      includeServerSideToolInvocations: z.boolean().optional(),
    })
    .optional(),
  generationConfig: z
    .looseObject({
      candidateCount: z.number().optional(),
      stopSequences: z.array(z.string()).default([]),
      maxOutputTokens: z.number().optional(),
      temperature: z.number().optional(),
      topP: z.number().optional(),
      responseMimeType: z.string().optional(),
      responseSchema: json.optional(),
      responseJsonSchema: jsonValueSchema.optional(),
      responseLogprobs: z.boolean().optional(),
      logprobs: z.number().optional(),
      thinkingConfig: z
        .looseObject({
          includeThoughts: z.boolean().optional(),
          thinkingBudget: z.number().optional(),
          thinkingLevel: z.string().optional(),
        })
        .optional(),
    })
    .optional(),
  cachedContent: z.string().optional(),
});

export type GeminiRequest = z.output<typeof geminiRequestSchema>;
export type GeminiContent = GeminiRequest["contents"][number];
export type GeminiPart = GeminiContent["parts"][number];
export type FunctionDeclaration = z.output<typeof declarationSchema>;
