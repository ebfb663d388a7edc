import type { JsonObject } from "@turnout/core";

// Bodies that hold every field of the format once. Fields that would spoil each other's proof stand in different bodies.

const user = { role: "user", parts: [{ text: "Hi" }] };
const base = { model: "a-search-model", contents: [user] };
const schema = { type: "object", properties: { place: { type: "string" } }, required: ["place"] };
const subset = { type: "OBJECT", properties: { place: { type: "STRING" } } };

function parts(...list: JsonObject[]): JsonObject {
  return { ...base, contents: [{ role: "user", parts: list }] };
}

function config(generationConfig: JsonObject): JsonObject {
  return { ...base, generationConfig };
}

export const geminiRequests: readonly JsonObject[] = [
  {
    ...base,
    contents: [
      user,
      { role: "model", parts: [{ functionCall: { id: "call_nine", name: "find", args: { place: "Rome" } } }] },
      { role: "user", parts: [{ functionResponse: { id: "call_nine", name: "find", response: { output: "Hot" } } }] },
    ],
  },
  {
    ...base,
    contents: [user, { role: "model", parts: [{ text: "They want to know", thought: true }, { text: "Well" }] }, user],
  },
  { ...base, stream: true, systemInstruction: { role: "system", parts: [{ text: "Be brief" }] } },
  parts(
    { text: "Look at it" },
    { inlineData: { mimeType: "image/png", data: "iVBORw0K" }, mediaResolution: { level: "MEDIA_RESOLUTION_LOW" } },
  ),
  parts({ inlineData: { mimeType: "application/pdf", data: "JVBERi0x", displayName: "paper.pdf" } }),
  parts({ fileData: { fileUri: "https://a.example/cat.png", mimeType: "image/png" } }),
  parts({ fileData: { fileUri: "https://a.example/paper.pdf", mimeType: "application/pdf", displayName: "its name" } }),
  parts({ fileData: { fileUri: "gs://bucket/cat.png", mimeType: "image/png" } }),
  parts({ inlineData: { mimeType: "video/mp4", data: "AAAA" }, videoMetadata: { fps: 1 } }),
  {
    ...base,
    contents: [
      user,
      {
        role: "model",
        parts: [
          { text: "Let me look", thoughtSignature: "dGV4dA" },
          { functionCall: { id: "call_one", name: "look_up", args: { place: "Rome" } }, thoughtSignature: "c2lnbmVk" },
        ],
      },
      {
        role: "user",
        parts: [
          {
            functionResponse: {
              id: "call_one",
              name: "look_up",
              response: { output: "Sunny" },
              parts: [
                { inlineData: { mimeType: "image/png", data: "iVBORw0L", displayName: "sky.png" } },
                { fileData: { fileUri: "https://a.example/sky.png", mimeType: "image/png", displayName: "sky two" } },
              ],
              scheduling: "SILENT",
            },
          },
        ],
      },
    ],
    tools: [{ functionDeclarations: [{ name: "look_up" }] }],
  },
  {
    ...base,
    contents: [
      user,
      {
        role: "model",
        parts: [
          {
            functionCall: {
              id: "call_two",
              name: "look_up",
              partialArgs: [{ jsonPath: "$.place", stringValue: "Rome" }],
            },
          },
        ],
      },
      {
        role: "user",
        parts: [{ functionResponse: { id: "call_two", name: "look_up", response: { output: "Sunny" } } }],
      },
    ],
  },
  {
    ...base,
    contents: [
      user,
      {
        role: "model",
        parts: [
          { executableCode: { language: "PYTHON", code: "print(1)" } },
          { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1" } },
          { text: "One" },
        ],
      },
      user,
    ],
  },
  {
    ...base,
    tools: [
      {
        functionDeclarations: [
          {
            name: "look_up",
            description: "Finds",
            parametersJsonSchema: schema,
            behavior: "BLOCKING",
            response: subset,
            responseJsonSchema: schema,
          },
        ],
      },
      { googleSearch: {} },
    ],
    toolConfig: { functionCallingConfig: { mode: "ANY" }, retrievalConfig: { languageCode: "no" } },
  },
  {
    ...base,
    tools: [{ functionDeclarations: [{ name: "look_up", parameters: subset }, { name: "other" }] }],
    toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["look_up"] } },
  },
  { ...base, tools: [{ functionDeclarations: [{ name: "look_up" }] }, { codeExecution: {} }, { urlContext: {} }] },
  config({ temperature: 0.5, seed: 11, presencePenalty: 0.25, frequencyPenalty: 0.75 }),
  config({ topP: 0.97 }),
  config({ topK: 33 }),
  config({ maxOutputTokens: 123, stopSequences: ["halt"] }),
  config({ candidateCount: 2 }),
  config({ responseLogprobs: true, logprobs: 4 }),
  config({ responseMimeType: "application/json", responseJsonSchema: schema }),
  config({ responseMimeType: "application/json", responseSchema: subset }),
  config({
    responseModalities: ["TEXT", "IMAGE"],
    speechConfig: { languageCode: "no" },
    mediaResolution: "MEDIA_RESOLUTION_LOW",
    imageConfig: { aspectRatio: "1:1" },
    audioTimestamp: true,
    routingConfig: { autoMode: { modelRoutingPreference: "BALANCED" } },
    enableAffectiveDialog: true,
  }),
  config({ thinkingConfig: { thinkingLevel: "LOW", includeThoughts: true } }),
  config({ thinkingConfig: { thinkingBudget: 5000 } }),
  { ...base, serviceTier: "flex", labels: { ticket: "T-1" } },
  { ...base, cachedContent: "cachedContents/1" },
  {
    ...base,
    safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE" }],
    modelArmorConfig: { promptTemplateName: "x" },
  },
];

const answer = { responseId: "resp-abc", modelVersion: "a-search-model" };

function candidate(content: JsonObject[], more: JsonObject): JsonObject {
  return { ...answer, candidates: [{ index: 0, content: { role: "model", parts: content }, ...more }] };
}

export const geminiAnswers: readonly JsonObject[] = [
  {
    ...candidate(
      [
        { text: "They greet", thought: true },
        { text: "Hello there", thoughtSignature: "dGV4dA" },
      ],
      {
        finishReason: "MAX_TOKENS",
        finishMessage: "The limit was met",
        avgLogprobs: -0.125,
        safetyRatings: [{ category: "HARM_CATEGORY_HARASSMENT", probability: "LOW" }],
        tokenCount: 20,
        logprobsResult: { chosenCandidates: [{ token: "He", logProbability: -0.5 }] },
        groundingMetadata: {
          groundingChunks: [{ web: { uri: "https://a.example/", title: "A source" } }],
          groundingSupports: [{ segment: { startIndex: 6, endIndex: 11 }, groundingChunkIndices: [0] }],
          webSearchQueries: ["weather"],
          searchEntryPoint: { renderedContent: "<b>weather</b>" },
        },
        urlContextMetadata: { urlMetadata: [{ retrievedUrl: "https://a.example/" }] },
      },
    ),
    createTime: "2026-08-01T10:00:01Z",
    promptFeedback: { safetyRatings: [{ category: "HARM_CATEGORY_HARASSMENT", probability: "LOW" }] },
    usageMetadata: {
      promptTokenCount: 107,
      cachedContentTokenCount: 31,
      candidatesTokenCount: 40,
      thoughtsTokenCount: 13,
      toolUsePromptTokenCount: 3,
      totalTokenCount: 163,
      promptTokensDetails: [{ modality: "TEXT", tokenCount: 107 }],
      trafficType: "ON_DEMAND",
    },
  },
  candidate(
    [{ functionCall: { id: "call_one", name: "look_up", args: { place: "Rome" } }, thoughtSignature: "c2lnbmVk" }],
    {
      finishReason: "STOP",
    },
  ),
  candidate([{ text: "Hello" }], {
    finishReason: "STOP",
    citationMetadata: { citations: [{ startIndex: 1, endIndex: 5, uri: "https://a.example/" }] },
  }),
  candidate([{ executableCode: { language: "PYTHON", code: "print(1)" } }, { text: "One" }], { finishReason: "STOP" }),
  candidate([{ inlineData: { mimeType: "image/png", data: "iVBORw0K" } }, { text: "One" }], { finishReason: "STOP" }),
  { ...answer, promptFeedback: { blockReason: "PROHIBITED_CONTENT", blockReasonMessage: "No means no" } },
];
