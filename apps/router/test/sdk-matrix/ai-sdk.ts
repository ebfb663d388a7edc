import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  generateObject,
  generateText,
  jsonSchema,
  type LanguageModel,
  type ModelMessage,
  streamText,
  tool,
  type ToolSet,
} from "ai";
import {
  citySchema,
  picture,
  prompt,
  type Sdk,
  type SdkClient,
  type SdkClientOptions,
  statusOf,
  weatherSchema,
} from "./sdk-client.ts";

/** The AI SDK goes on after a chunk it cannot read and only prints the error; here it counts. */
function createErrorCatcher() {
  const caught: unknown[] = [];
  return {
    onError: ({ error }: { error: unknown }) => {
      caught.push(error);
    },
    rethrow: () => {
      if (caught.length > 0) throw caught[0];
    },
  };
}

function createClient(model: LanguageModel): SdkClient {
  const messages: ModelMessage[] = [{ role: "user", content: prompt }];
  const tools: ToolSet = { weather: tool({ inputSchema: jsonSchema<{ city: string }>(weatherSchema) }) };
  // Without it the second step refers to reasoning the server is expected to have kept.
  const providerOptions = { openai: { store: false, include: ["reasoning.encrypted_content"] } };
  const common = { model, maxRetries: 0, providerOptions };
  return {
    ask: async () => (await generateText({ ...common, prompt })).text,
    stream: async () => {
      const errors = createErrorCatcher();
      const text = await streamText({ ...common, prompt, ...errors }).text;
      errors.rethrow();
      return text;
    },
    callTools: async () => {
      const errors = createErrorCatcher();
      const first = streamText({ ...common, messages, tools, ...errors });
      const calls = await first.toolCalls;
      const { messages: said } = await first.response;
      errors.rethrow();
      return {
        calls: calls.map((call) => ({ name: call.toolName, input: call.input })),
        answerWith: async (results) => {
          const content = calls.map((call, index) => ({
            type: "tool-result" as const,
            toolCallId: call.toolCallId,
            toolName: call.toolName,
            output: { type: "text" as const, value: results[index] ?? "" },
          }));
          const next: ModelMessage[] = [...messages, ...said, { role: "tool", content }];
          return (await generateText({ ...common, messages: next, tools })).text;
        },
      };
    },
    structured: async () => (await generateObject({ ...common, prompt, schema: jsonSchema(citySchema) })).object,
    showImage: async () => {
      const content = [
        { type: "text" as const, text: prompt },
        { type: "image" as const, image: picture.base64, mediaType: picture.mediaType },
      ];
      return (await generateText({ ...common, messages: [{ role: "user", content }] })).text;
    },
    leave: async () => {
      const abort = new AbortController();
      for await (const text of streamText({ ...common, prompt, abortSignal: abort.signal }).textStream) {
        if (text !== "") break;
      }
      abort.abort();
    },
    statusOfFailure: async () => {
      try {
        await generateText({ ...common, prompt });
        return 200;
      } catch (error) {
        return statusOf(error);
      }
    },
  };
}

const apiKey = "none";

export const aiSdks: readonly Sdk[] = [
  {
    name: "AI SDK, openai-compatible",
    wire: "openai-chat",
    create: ({ url, model }: SdkClientOptions) =>
      createClient(
        createOpenAICompatible({ name: "turnout", baseURL: `${url}/v1`, apiKey, supportsStructuredOutputs: true })(
          model,
        ),
      ),
  },
  {
    name: "AI SDK, openai",
    wire: "openai-responses",
    create: ({ url, model }) => createClient(createOpenAI({ baseURL: `${url}/v1`, apiKey }).responses(model)),
  },
  {
    name: "AI SDK, anthropic",
    wire: "anthropic-messages",
    create: ({ url, model }) => createClient(createAnthropic({ baseURL: `${url}/v1`, apiKey })(model)),
  },
  {
    name: "AI SDK, google",
    wire: "gemini",
    create: ({ url, model }) => createClient(createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey })(model)),
  },
];
