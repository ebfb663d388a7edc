import { answer, say, type SandboxOptions } from "../src/index.ts";
import { textOf } from "./harness.ts";
import { ask, dig, startWithKey } from "./wire-harness.ts";

export const schema = { type: "OBJECT", properties: { city: { type: "STRING" } } };
export const tools = [{ functionDeclarations: [{ name: "get_weather", parameters: schema }] }];
const script = answer(
  say.reasoning("Let me see."),
  say.text("Hi there, how are you?"),
  say.parallel([say.call("get_weather", { city: "Paris" }), say.call("get_weather", { city: "Rome" })]),
);

export const user = (text: string) => ({ role: "user", parts: [{ text }] });
export const model = (...parts: object[]) => ({ role: "model", parts });
export const basic = { contents: [user("Hello")] };

export interface SendOptions {
  readonly model?: string;
  readonly action?: string;
  readonly version?: string;
}

export async function start(options: SandboxOptions = { answer: script }) {
  const { sandbox, apiKey } = await startWithKey(options);
  const headers = { "x-goog-api-key": apiKey };
  const send = (
    body: object,
    { model: name = "gemini-2.5-flash", action = "generateContent", version = "v1beta" }: SendOptions = {},
  ) => ask(`${sandbox.geminiBaseUrl}/${version}/models/${name}:${action}`, { ...basic, ...body }, { headers });
  return { sandbox, apiKey, headers, send };
}

export const three = { model: "gemini-3-flash-preview" };
export const sse = { action: "streamGenerateContent?alt=sse" };
export const thoughts = { generationConfig: { thinkingConfig: { includeThoughts: true } } };

export function problemOf(result: { json: unknown }): string {
  return textOf(dig(result.json, "error", "message"));
}

export const declare = (...declarations: object[]) => ({ tools: [{ functionDeclarations: declarations }] });
export const parameters = (properties: object, more: object = {}) =>
  declare({ name: "f", parameters: { type: "OBJECT", properties, ...more } });
export const config = (generationConfig: object) => ({ generationConfig });
export const think = (thinkingConfig: object) => config({ thinkingConfig });
export const call = (name = "f", more: object = {}) => ({ functionCall: { name, args: {}, ...more } });
export const response = (name = "f", more: object = {}) => ({
  functionResponse: { name, response: { output: "a" }, ...more },
});
export const results = (...parts: object[]) => ({ role: "user", parts });
export const place = "tools[0].function_declarations[0].parameters";
