import { answer, say, type SandboxOptions } from "../src/index.ts";
import { ask, dig, startWithKey } from "./wire-harness.ts";

export const tool = { name: "get_weather", input_schema: { type: "object", properties: { city: { type: "string" } } } };
const script = answer(
  say.reasoning("Let me see."),
  say.text("Hi there, how are you?"),
  say.call("get_weather", { city: "Paris" }),
);

export async function start(options: SandboxOptions = { answer: script }) {
  const { sandbox, apiKey } = await startWithKey(options);
  const good = { "x-api-key": apiKey, "anthropic-version": "2023-06-01" };
  const send = (body: object, headers: Record<string, string> = {}, path = "/v1/messages") =>
    ask(sandbox.anthropicBaseUrl + path, { ...basic, ...body }, { headers: { ...good, ...headers } });
  return { sandbox, apiKey, good, send };
}

export const basic = { model: "claude-sonnet-4-5", max_tokens: 4000, messages: [{ role: "user", content: "Hello" }] };
export const thinking = { thinking: { type: "enabled", budget_tokens: 1024 } };

export function messageOf(result: { json: unknown }): unknown {
  return dig(result.json, "error", "message");
}

export const user = (content: unknown) => ({ role: "user", content });
export const assistant = (content: unknown) => ({ role: "assistant", content });
export const call = (id: string) => ({ type: "tool_use", id, name: "get_weather", input: {} });
export const result = (id: string) => ({ type: "tool_result", tool_use_id: id, content: "Sunny" });
export const text = (value: string) => ({ type: "text", text: value });
export const mark = (ttl = "5m") => ({ cache_control: { type: "ephemeral", ttl } });
export const format = (schema: object) => ({ output_config: { format: { type: "json_schema", schema } } });
