import { expect, test } from "vitest";

import { readCodexModels } from "./model-catalogue.ts";
import { codexModels } from "./models.ts";

test("readCodexModels() reads the backend's catalogue and passes over entries it cannot read", () => {
  const models = [
    {
      slug: "gpt-5.4",
      display_name: "GPT-5.4",
      context_window: 272_000,
      default_reasoning_level: "medium",
      supported_reasoning_levels: [{ effort: "low", description: "x" }, { effort: "high" }],
      input_modalities: ["text", "image", "smell"],
      visibility: "list",
      service_tiers: [{ id: "priority", name: "Fast" }],
      use_responses_lite: true,
    },
    { slug: "hidden", visibility: "hide", context_window: null, supported_reasoning_levels: "none" },
    { display_name: "nameless" },
  ];
  expect(readCodexModels({ models })).toEqual([
    {
      id: "gpt-5.4",
      displayName: "GPT-5.4",
      contextWindow: 272_000,
      efforts: ["low", "high"],
      defaultEffort: "medium",
      inputModalities: ["text", "image"],
      serviceTiers: ["priority"],
      responsesLite: true,
    },
    { id: "hidden", hidden: true },
  ]);
});

test("readCodexModels() reads the public API's list", () => {
  expect(readCodexModels({ object: "list", data: [{ id: "gpt-5.4" }, {}] })).toEqual([{ id: "gpt-5.4" }]);
});

test.each([undefined, null, [], {}, { models: {} }])("readCodexModels(%j) is undefined", (document) => {
  expect(readCodexModels(document)).toBeUndefined();
});

test("codexModels have different ids and a default effort among their efforts", () => {
  expect(new Set(codexModels.map((model) => model.id)).size).toBe(codexModels.length);
  for (const { id, efforts, defaultEffort } of codexModels) {
    expect(defaultEffort === undefined || efforts?.includes(defaultEffort), id).toBe(true);
  }
});
