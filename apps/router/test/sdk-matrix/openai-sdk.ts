import OpenAI from "openai";
import {
  citySchema,
  pictureUrl,
  prompt,
  type Sdk,
  type SdkClient,
  type SdkClientOptions,
  statusOfRejection,
  weatherSchema,
} from "./sdk-client.ts";

function connect(url: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
}

function createChat({ url, model }: SdkClientOptions): SdkClient {
  const chat = connect(url).chat.completions;
  const messages = [{ role: "user" as const, content: prompt }];
  const tools = [{ type: "function" as const, function: { name: "weather", parameters: weatherSchema } }];
  return {
    ask: async () => (await chat.create({ model, messages })).choices[0]?.message.content ?? "",
    stream: async () => (await chat.stream({ model, messages }).finalContent()) ?? "",
    callTools: async () => {
      const first = await chat.stream({ model, messages, tools, reasoning_effort: "low" }).finalChatCompletion();
      // `parsed` is the helper's own addition; the API refuses it.
      const { parsed: _parsed, ...message } = first.choices[0]!.message;
      const calls = (message.tool_calls ?? []).filter((call) => call.type === "function");
      return {
        calls: calls.map((call) => ({ name: call.function.name, input: JSON.parse(call.function.arguments) })),
        answerWith: async (results) => {
          const answers = calls.map((call, index) => ({
            role: "tool" as const,
            tool_call_id: call.id,
            content: results[index] ?? "",
          }));
          const second = await chat.create({
            model,
            messages: [...messages, message, ...answers],
            tools,
            reasoning_effort: "low",
          });
          return second.choices[0]?.message.content ?? "";
        },
      };
    },
    structured: async () => {
      const format = { type: "json_schema" as const, json_schema: { name: "city", schema: citySchema, strict: true } };
      return (await chat.parse({ model, messages, response_format: format })).choices[0]?.message.parsed;
    },
    showImage: async () => {
      const content = [
        { type: "text" as const, text: prompt },
        { type: "image_url" as const, image_url: { url: pictureUrl } },
      ];
      return (await chat.create({ model, messages: [{ role: "user", content }] })).choices[0]?.message.content ?? "";
    },
    leave: async () => {
      for await (const chunk of await chat.create({ model, messages, stream: true })) {
        if (chunk.choices[0]?.delta.content) return;
      }
    },
    statusOfFailure: () => statusOfRejection(chat.create({ model, messages })),
  };
}

function createResponses({ url, model }: SdkClientOptions): SdkClient {
  const { responses } = connect(url);
  const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: prompt }];
  const tools = [{ type: "function" as const, name: "weather", parameters: weatherSchema, strict: false }];
  const common = { model, store: false, include: ["reasoning.encrypted_content" as const] };
  return {
    ask: async () => (await responses.create({ ...common, input: prompt })).output_text,
    stream: async () => (await responses.stream({ ...common, input }).finalResponse()).output_text,
    callTools: async () => {
      const first = await responses.stream({ ...common, input, tools, reasoning: { effort: "low" } }).finalResponse();
      const output = first.output.filter((item) => item.type === "reasoning" || item.type === "function_call");
      const calls = output.filter((item) => item.type === "function_call");
      return {
        calls: calls.map((call) => ({ name: call.name, input: JSON.parse(call.arguments) })),
        answerWith: async (results) => {
          const answers = calls.map((call, index) => ({
            type: "function_call_output" as const,
            call_id: call.call_id,
            output: results[index] ?? "",
          }));
          const next = [...input, ...output, ...answers];
          return (await responses.create({ ...common, input: next, tools, reasoning: { effort: "low" } })).output_text;
        },
      };
    },
    structured: async () => {
      const format = { type: "json_schema" as const, name: "city", schema: citySchema, strict: true };
      return (await responses.parse({ ...common, input, text: { format } })).output_parsed;
    },
    showImage: async () => {
      const content = [
        { type: "input_text" as const, text: prompt },
        { type: "input_image" as const, image_url: pictureUrl, detail: "auto" as const },
      ];
      return (await responses.create({ ...common, input: [{ role: "user", content }] })).output_text;
    },
    leave: async () => {
      for await (const event of await responses.create({ ...common, input, stream: true })) {
        if (event.type === "response.output_text.delta") return;
      }
    },
    statusOfFailure: () => statusOfRejection(responses.create({ ...common, input })),
  };
}

export const openaiSdkChat: Sdk = {
  name: "openai SDK, Chat Completions",
  wire: "openai-chat",
  create: createChat,
};
export const openaiSdkResponses: Sdk = {
  name: "openai SDK, Responses",
  wire: "openai-responses",
  create: createResponses,
};
