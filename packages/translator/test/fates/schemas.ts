import type { WireFormat } from "@turnout/core";

import * as anthropic from "../../src/anthropic-messages/schema.ts";
import { geminiRequestSchema } from "../../src/gemini/schema.ts";
import { chatAssistantMessageSchema, chatRequestSchema } from "../../src/openai-chat/schema.ts";
import * as responses from "../../src/openai-responses/schema.ts";
import type { PlacedSchema } from "./schema-fields.ts";

const items = [
  responses.messageSchema,
  responses.functionCallSchema,
  responses.customCallSchema,
  responses.callOutputSchema,
  responses.reasoningSchema,
];
const tools = [responses.functionToolSchema, responses.customToolSchema];
const blocks = [
  anthropic.textBlockSchema,
  anthropic.imageBlockSchema,
  anthropic.documentBlockSchema,
  anthropic.searchResultBlockSchema,
  anthropic.thinkingBlockSchema,
  anthropic.redactedThinkingBlockSchema,
  anthropic.toolUseBlockSchema,
  anthropic.toolResultBlockSchema,
];

/** Where each schema of a codec stands in a request. */
export const requestSchemas: Readonly<Record<WireFormat, readonly PlacedSchema[]>> = {
  "openai-chat": [["", chatRequestSchema]],
  "openai-responses": [
    ["", responses.requestSchema],
    ...items.map((schema): PlacedSchema => ["input[]", schema]),
    ...Object.values(responses.partSchemas).map((schema): PlacedSchema => ["input[].content[]", schema]),
    ["input[].content[].annotations[]", responses.annotationSchema],
    ...tools.map((schema): PlacedSchema => ["tools[]", schema]),
    ["tools[]", responses.namespaceToolSchema],
    ["text.format", responses.jsonSchemaFormatSchema],
  ],
  "anthropic-messages": [
    ["", anthropic.messagesRequestSchema],
    ...blocks.map((schema): PlacedSchema => ["messages[].content[]", schema]),
  ],
  gemini: [["", geminiRequestSchema]],
};

/** Where each schema of a codec stands in an answer; most of an answer is read field by field, without a schema. */
export const answerSchemas: Readonly<Record<WireFormat, readonly PlacedSchema[]>> = {
  "openai-chat": [["choices[].message", chatAssistantMessageSchema]],
  "openai-responses": [
    ...[responses.functionCallSchema, responses.customCallSchema, responses.reasoningSchema].map(
      (schema): PlacedSchema => ["output[]", schema],
    ),
    ["output[].content[].annotations[]", responses.annotationSchema],
  ],
  "anthropic-messages": [],
  gemini: [],
};

/** Fields that stand in several places and share the fates of the first. */
export const elsewhere: readonly RegExp[] = [
  // Parts of a content: only texts mean something in a system instruction.
  /^systemInstruction\.parts\[\]\.(?!text)/u,
  // One tool in place of a list of one.
  /^tools\.functionDeclarations/u,
  // The texts of a search result are text blocks.
  /^messages\[\]\.content\[\]\.content\[\]\./u,
  // An answer's message is read like one of a history.
  /^choices\[\]\.message\./u,
];
