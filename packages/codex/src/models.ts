import type { ModelInfo } from "@turnout/core";

const upToXhigh = ["low", "medium", "high", "xhigh"] as const;
const upToMax = [...upToXhigh, "max"] as const;
const upToUltra = [...upToMax, "ultra"] as const;
const textAndImage = ["text", "image"] as const;
const priority = ["priority"] as const;
/** gpt-5.6 and later (the catalogue of Codex CLI 0.169, read 2026-11-25). */
const lite = { responsesLite: true, serviceTiers: priority } as const;
const ordinary = { serviceTiers: priority } as const;

/**
 * Models known without asking. `contextWindow` is the window the backend gives by default, not the largest it can.
 *
 * From the catalogue of 2026-08-22 and samples of September and October 2026; `GET /models` of an account is the truth, since
 * plans differ.
 */
export const codexModels: readonly ModelInfo[] = [
  {
    ...lite,
    id: "gpt-6-astra",
    contextWindow: 272_000,
    maxOutputTokens: 128_000,
    defaultEffort: "low",
    efforts: upToUltra,
    inputModalities: textAndImage,
  },
  {
    ...lite,
    id: "gpt-6-sol",
    contextWindow: 272_000,
    maxOutputTokens: 128_000,
    defaultEffort: "medium",
    efforts: ["none", ...upToMax],
    inputModalities: textAndImage,
  },
  {
    ...lite,
    id: "gpt-6-luna",
    contextWindow: 272_000,
    defaultEffort: "medium",
    efforts: upToMax,
    inputModalities: textAndImage,
  },
  {
    ...lite,
    id: "gpt-6.1-sol",
    contextWindow: 272_000,
    defaultEffort: "low",
    efforts: upToMax,
    inputModalities: textAndImage,
  },
  {
    ...lite,
    id: "gpt-5.6-sol",
    contextWindow: 272_000,
    efforts: upToUltra,
    defaultEffort: "low",
    inputModalities: textAndImage,
  },
  {
    ...lite,
    id: "gpt-5.6-terra",
    contextWindow: 272_000,
    efforts: upToUltra,
    defaultEffort: "medium",
    inputModalities: textAndImage,
  },
  {
    ...lite,
    id: "gpt-5.6-luna",
    contextWindow: 272_000,
    efforts: upToMax,
    defaultEffort: "medium",
    inputModalities: textAndImage,
  },
  {
    ...ordinary,
    id: "gpt-5.5",
    contextWindow: 272_000,
    efforts: upToXhigh,
    defaultEffort: "medium",
    inputModalities: textAndImage,
  },
  {
    ...ordinary,
    id: "gpt-5.4",
    contextWindow: 272_000,
    efforts: upToXhigh,
    defaultEffort: "medium",
    inputModalities: textAndImage,
  },
  {
    ...ordinary,
    id: "gpt-5.4-mini",
    contextWindow: 272_000,
    efforts: upToXhigh,
    defaultEffort: "medium",
    inputModalities: textAndImage,
  },
  {
    id: "gpt-5.3-codex-spark",
    contextWindow: 128_000,
    efforts: upToXhigh,
    defaultEffort: "high",
    inputModalities: ["text"],
  },
  {
    ...lite,
    id: "codex-auto-review",
    contextWindow: 272_000,
    efforts: upToMax,
    defaultEffort: "medium",
    inputModalities: textAndImage,
    hidden: true,
  },
  { id: "gpt-reserve", contextWindow: 272_000, inputModalities: textAndImage, hidden: true },
];
