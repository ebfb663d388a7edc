import { describe, expect, test } from "vitest";

import { fitToModel } from "./chat-body.ts";

describe("fitToModel()", () => {
  test("the token limit goes under its newer name, and never over it", () => {
    expect(fitToModel("gpt-5.4", { max_tokens: 5 }).value).toEqual({ max_completion_tokens: 5 });
    expect(fitToModel("gpt-4o", { max_tokens: 5 }).value).toEqual({ max_completion_tokens: 5 });
    expect(fitToModel("o3", { max_tokens: 5, max_completion_tokens: 6 }).value).toEqual({ max_completion_tokens: 6 });
    expect(fitToModel("o3", { max_tokens: null }).value).toEqual({});
  });

  test("a reasoning model gets no tuning, but what is usual, and the report tells it", () => {
    const body = { temperature: 1, top_p: 0.95, presence_penalty: 0, frequency_penalty: 0.5 };
    const { value, report } = fitToModel("gpt-5.4", body);
    expect(value).toEqual({ temperature: 1, presence_penalty: 0 });
    expect(report.dropped.map(({ path }) => path)).toEqual(["top_p", "frequency_penalty"]);
  });

  test.each([
    ["gpt-4.1", {}],
    ["gpt-5-chat-latest", {}],
    ["gpt-5.4", { reasoning_effort: "none" }],
  ])("%s with %j keeps its tuning", (model, fields) => {
    const body = { temperature: 0.2, ...fields };
    expect(fitToModel(model, body)).toEqual({ value: body, report: { approximated: [], dropped: [] } });
  });

  test("a web search goes to models that search", () => {
    const body = { web_search_options: {} };
    expect(fitToModel("gpt-4o-search-preview", body).value).toEqual(body);
    const { value, report } = fitToModel("gpt-5.4", body);
    expect(value).toEqual({});
    expect(report.dropped).toEqual([{ path: "web_search_options", reason: "this model does not search" }]);
  });
});
