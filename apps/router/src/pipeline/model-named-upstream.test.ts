import { expect, test } from "vitest";
import { nameModel } from "./model-named-upstream.ts";

const model = { asked: "fast", upstream: "gpt-5.4-mini" };

function named(data: unknown): unknown {
  return JSON.parse(nameModel({ type: "codex.response.metadata", data: JSON.stringify(data) }, model).data);
}

test("nameModel() gives the model the name it was asked by, wherever the backend names it", () => {
  const headers = { "openai-model": "GPT-5.4-mini", "x-codex-turn-state": "s" };
  const asked = { "openai-model": "fast", "x-codex-turn-state": "s" };
  expect(named({ type: "codex.response.metadata", headers, more: 1 })).toEqual({
    type: "codex.response.metadata",
    headers: asked,
    more: 1,
  });
  expect(named({ response: { id: "r", headers } })).toEqual({ response: { id: "r", headers: asked } });
});

test("nameModel() tells the truth about another model, and nothing of a list the client did not get", () => {
  const headers = { "openai-model": "gpt-5.2", "x-models-etag": "w" };
  expect(named({ headers })).toEqual({ headers: { "openai-model": "gpt-5.2" } });
});

test.each([
  '{"response":{}}',
  '{"headers":{"x-request-id":"r"}}',
  '{"delta":"the \\"openai-model\\" header"}',
  '"openai-model": no JSON',
])("nameModel() leaves %s as it is", (data) => {
  const event = { type: "response.created", data };
  expect(nameModel(event, model)).toBe(event);
});
