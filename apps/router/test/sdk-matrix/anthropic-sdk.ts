import Anthropic from "@anthropic-ai/sdk";
import {
  citySchema,
  picture,
  prompt,
  type Sdk,
  type SdkClient,
  type SdkClientOptions,
  statusOfRejection,
  weatherSchema,
} from "./sdk-client.ts";

function textOf(message: Anthropic.Message): string {
  return message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
}

function create({ url, model }: SdkClientOptions): SdkClient {
  const { messages } = new Anthropic({ baseURL: url, apiKey: "none", maxRetries: 0 });
  const turns: Anthropic.MessageParam[] = [{ role: "user", content: prompt }];
  const common = { model, max_tokens: 4000, messages: turns };
  const tools = [{ name: "weather", input_schema: weatherSchema }];
  const thinking = { type: "enabled" as const, budget_tokens: 1024 };
  return {
    ask: async () => textOf(await messages.create(common)),
    stream: () => messages.stream(common).finalText(),
    callTools: async () => {
      const first = await messages.stream({ ...common, tools, thinking }).finalMessage();
      const calls = first.content.filter((block) => block.type === "tool_use");
      return {
        calls: calls.map(({ name, input }) => ({ name, input })),
        answerWith: async (results) => {
          const answers = calls.map((call, index) => ({
            type: "tool_result" as const,
            tool_use_id: call.id,
            content: results[index] ?? "",
          }));
          const next: Anthropic.MessageParam[] = [
            ...turns,
            { role: "assistant", content: first.content },
            { role: "user", content: answers },
          ];
          return textOf(await messages.create({ ...common, messages: next, tools, thinking }));
        },
      };
    },
    structured: async () => {
      const format = { type: "json_schema" as const, schema: citySchema };
      return JSON.parse(textOf(await messages.create({ ...common, output_config: { format } })));
    },
    showImage: async () => {
      const source = { type: "base64" as const, media_type: picture.mediaType, data: picture.base64 };
      const content = [
        { type: "text" as const, text: prompt },
        { type: "image" as const, source },
      ];
      return textOf(await messages.create({ ...common, messages: [{ role: "user", content }] }));
    },
    leave: async () => {
      for await (const event of await messages.create({ ...common, stream: true })) {
        if (event.type === "content_block_delta" && event.delta.type === "text_delta") return;
      }
    },
    statusOfFailure: () => statusOfRejection(messages.create(common)),
  };
}

export const anthropicSdk: Sdk = { name: "Anthropic SDK", wire: "anthropic-messages", create };
