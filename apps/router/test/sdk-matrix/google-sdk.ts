import { type Content, GoogleGenAI } from "@google/genai";
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

function create({ url, model }: SdkClientOptions): SdkClient {
  const { models } = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: url } });
  const contents: Content[] = [{ role: "user", parts: [{ text: prompt }] }];
  const tools = [{ functionDeclarations: [{ name: "weather", parametersJsonSchema: weatherSchema }] }];
  const config = { tools, thinkingConfig: { includeThoughts: true } };
  return {
    ask: async () => (await models.generateContent({ model, contents })).text ?? "",
    stream: async () => {
      let text = "";
      for await (const chunk of await models.generateContentStream({ model, contents })) text += chunk.text ?? "";
      return text;
    },
    callTools: async () => {
      const parts: NonNullable<Content["parts"]> = [];
      for await (const chunk of await models.generateContentStream({ model, contents, config })) {
        parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []));
      }
      const calls = parts.flatMap((part) => part.functionCall ?? []);
      return {
        calls: calls.map((call) => ({ name: call.name ?? "", input: call.args })),
        answerWith: async (results) => {
          const answers = calls.map((call, index) => ({
            functionResponse: {
              name: call.name ?? "",
              ...(call.id === undefined ? {} : { id: call.id }),
              response: { output: results[index] ?? "" },
            },
          }));
          const next = [...contents, { role: "model", parts }, { role: "user", parts: answers }];
          return (await models.generateContent({ model, contents: next, config })).text ?? "";
        },
      };
    },
    structured: async () => {
      const schema = { responseMimeType: "application/json", responseJsonSchema: citySchema };
      return JSON.parse((await models.generateContent({ model, contents, config: schema })).text ?? "");
    },
    showImage: async () => {
      const inlineData = { mimeType: picture.mediaType, data: picture.base64 };
      const seen = [{ role: "user", parts: [{ text: prompt }, { inlineData }] }];
      return (await models.generateContent({ model, contents: seen })).text ?? "";
    },
    leave: async () => {
      const abort = new AbortController();
      const leaving = { abortSignal: abort.signal };
      for await (const chunk of await models.generateContentStream({ model, contents, config: leaving })) {
        if (chunk.text) break;
      }
      abort.abort();
    },
    statusOfFailure: () => statusOfRejection(models.generateContent({ model, contents })),
  };
}

export const googleSdk: Sdk = { name: "Google Gen AI SDK", wire: "gemini", create };
