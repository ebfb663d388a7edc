import type { Field, Message } from "./proto.ts";

const text: Field = { kind: "string" };
const bytes: Field = { kind: "bytes" };
const number: Field = { kind: "number" };
const integer: Field = { kind: "integer" };
const flag: Field = { kind: "boolean" };
const any: Field = { kind: "any" };

function list(of: Field): Field {
  return { kind: "list", of };
}

function message(of: () => Message): Field {
  return { kind: "message", of };
}

function choice(name: string, ...values: readonly string[]): Field {
  return { kind: "enum", name, values };
}

const schemaTypes = choice(
  "Type",
  "TYPE_UNSPECIFIED",
  "STRING",
  "NUMBER",
  "INTEGER",
  "BOOLEAN",
  "ARRAY",
  "OBJECT",
  "NULL",
);

/** The subset of OpenAPI that `parameters` and `responseSchema` take. */
const schema: Message = {
  type: schemaTypes,
  format: text,
  title: text,
  description: text,
  nullable: flag,
  enum: list(text),
  items: message(() => schema),
  maxItems: integer,
  minItems: integer,
  properties: { kind: "map", of: message(() => schema) },
  required: list(text),
  propertyOrdering: list(text),
  minProperties: integer,
  maxProperties: integer,
  minLength: integer,
  maxLength: integer,
  pattern: text,
  minimum: number,
  maximum: number,
  anyOf: list(message(() => schema)),
  default: any,
  example: any,
};

const blob: Message = { mimeType: text, data: bytes, displayName: text };
const fileData: Message = { mimeType: text, fileUri: text, displayName: text };
const resolution = choice(
  "MediaResolution",
  "MEDIA_RESOLUTION_UNSPECIFIED",
  "MEDIA_RESOLUTION_LOW",
  "MEDIA_RESOLUTION_MEDIUM",
  "MEDIA_RESOLUTION_HIGH",
  "MEDIA_RESOLUTION_ULTRA_HIGH",
);

const responsePart: Message = { inlineData: message(() => blob), fileData: message(() => fileData) };

const functionResponse: Message = {
  id: text,
  name: text,
  response: any,
  parts: list(message(() => responsePart)),
  willContinue: flag,
  scheduling: text,
};

const part: Message = {
  text,
  inlineData: message(() => blob),
  fileData: message(() => fileData),
  functionCall: message(() => ({ id: text, name: text, args: any })),
  functionResponse: message(() => functionResponse),
  executableCode: any,
  codeExecutionResult: any,
  toolCall: any,
  toolResponse: any,
  thought: flag,
  thoughtSignature: bytes,
  videoMetadata: message(() => ({ startOffset: text, endOffset: text, fps: number })),
  mediaResolution: message(() => ({ level: resolution, numTokens: integer })),
  partMetadata: any,
};

const content: Message = { role: text, parts: list(message(() => part)) };

const functionDeclaration: Message = {
  name: text,
  description: text,
  parameters: message(() => schema),
  parametersJsonSchema: any,
  response: message(() => schema),
  responseJsonSchema: any,
  behavior: choice("FunctionDeclaration.Behavior", "UNSPECIFIED", "BLOCKING", "NON_BLOCKING"),
};

const tool: Message = {
  functionDeclarations: list(message(() => functionDeclaration)),
  googleSearch: any,
  googleSearchRetrieval: any,
  codeExecution: any,
  urlContext: any,
  fileSearch: any,
  googleMaps: any,
  computerUse: any,
  mcpServers: list(any),
};

const toolConfig: Message = {
  functionCallingConfig: message(() => ({
    mode: choice("FunctionCallingConfig.Mode", "MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"),
    allowedFunctionNames: list(text),
  })),
  retrievalConfig: any,
  includeServerSideToolInvocations: flag,
};

const thinkingConfig: Message = {
  includeThoughts: flag,
  thinkingBudget: integer,
  thinkingLevel: choice(
    "ThinkingConfig.ThinkingLevel",
    "THINKING_LEVEL_UNSPECIFIED",
    "MINIMAL",
    "LOW",
    "MEDIUM",
    "HIGH",
  ),
};

const generationConfig: Message = {
  candidateCount: integer,
  stopSequences: list(text),
  maxOutputTokens: integer,
  temperature: number,
  topP: number,
  topK: number,
  seed: integer,
  responseMimeType: text,
  responseSchema: message(() => schema),
  responseJsonSchema: any,
  presencePenalty: number,
  frequencyPenalty: number,
  responseLogprobs: flag,
  logprobs: integer,
  enableEnhancedCivicAnswers: flag,
  responseModalities: list(choice("GenerationConfig.Modality", "MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO")),
  speechConfig: any,
  thinkingConfig: message(() => thinkingConfig),
  imageConfig: any,
  mediaResolution: resolution,
};

/** `GenerateContentRequest`. */
export const generateRequest: Message = {
  model: text,
  contents: list(message(() => content)),
  systemInstruction: message(() => content),
  tools: list(message(() => tool)),
  toolConfig: message(() => toolConfig),
  safetySettings: list(message(() => ({ category: text, threshold: text, method: text }))),
  generationConfig: message(() => generationConfig),
  cachedContent: text,
  serviceTier: text,
  store: flag,
};

/** `CountTokensRequest`. */
export const countRequest: Message = {
  model: text,
  contents: list(message(() => content)),
  generateContentRequest: message(() => generateRequest),
};
