import { answer, say, type SandboxOptions } from "../src/index.ts";
import { ask, dig, startWithKey } from "./wire-harness.ts";

export const tool = {
  type: "function",
  function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};
const script = answer(
  say.reasoning("Let me see."),
  say.text("Hi there, how are you?"),
  say.call("get_weather", { city: "Paris" }),
);

export const basic = { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] };

export async function start(options: SandboxOptions = { answer: script }) {
  const { sandbox, apiKey } = await startWithKey(options);
  const headers = { authorization: `Bearer ${apiKey}` };
  const send = (body: object) => ask(`${sandbox.openaiBaseUrl}/chat/completions`, { ...basic, ...body }, { headers });
  return { sandbox, apiKey, headers, send };
}

export function problemOf(result: { json: unknown }): unknown {
  return dig(result.json, "error", "message");
}

export const user = (content: unknown) => ({ role: "user", content });
export const call = (id: string) => ({ id, type: "function", function: { name: "f", arguments: "{}" } });
export const calls = (...ids: string[]) => ({ role: "assistant", content: null, tool_calls: ids.map(call) });
export const result = (id: string, content: unknown = "ok") => ({ role: "tool", tool_call_id: id, content });
export const image = { type: "image_url", image_url: { url: "https://example.com/a.png" } };
export const withTool = (fields: object) => ({ tools: [{ type: "function", function: { name: "f", ...fields } }] });
