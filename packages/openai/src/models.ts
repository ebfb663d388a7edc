import type { ModelInfo } from "@turnout/core";

const textImageFile = ["text", "image", "file"] as const;
const fromNone = ["none", "low", "medium", "high", "xhigh", "max"] as const;
const fromLow = ["low", "medium", "high", "xhigh", "max"] as const;

/** Models with a window of 1 050 000 tokens, of which 128 000 may be output. */
const large = { contextWindow: 1_050_000, maxOutputTokens: 128_000, inputModalities: textImageFile } as const;
/** Models of the first years of GPT-5: 272 000 of input and 128 000 of output. */
const middle = { contextWindow: 400_000, maxOutputTokens: 128_000, inputModalities: textImageFile } as const;

/**
 * Models known without asking; others are named under `models` in the config. Windows are the API's, which are larger than
 * those of a ChatGPT plan.
 *
 * From OpenAI's model pages and clients' catalogues, August to November 2026; efforts also from translation.md 2.10 and
 * codex.md 9 (gpt-5 refuses `none`; 5.1 to 5.4 default to it; gpt-6.1 has neither `none` nor `minimal`).
 */
export const openaiModels: readonly ModelInfo[] = [
  { id: "gpt-6.1-sol", ...large, efforts: fromLow },
  { id: "gpt-6-astra", ...large, efforts: fromLow },
  { id: "gpt-6-sol", ...large, efforts: fromNone },
  { id: "gpt-6-luna", ...large, efforts: fromLow },
  { id: "gpt-5.6", ...large, efforts: fromNone, defaultEffort: "medium" },
  { id: "gpt-5.6-sol", ...large, efforts: fromNone, defaultEffort: "medium" },
  { id: "gpt-5.6-terra", ...large, efforts: fromNone, defaultEffort: "medium" },
  { id: "gpt-5.6-luna", ...large, efforts: fromNone, defaultEffort: "medium" },
  { id: "gpt-5.5", ...large, efforts: ["none", "low", "medium", "high", "xhigh"], defaultEffort: "medium" },
  { id: "gpt-5.4", ...large, efforts: ["none", "low", "medium", "high", "xhigh"], defaultEffort: "none" },
  { id: "gpt-5.4-mini", ...middle, efforts: ["none", "low", "medium", "high", "xhigh"], defaultEffort: "none" },
  { id: "gpt-5.2", ...middle, efforts: ["none", "low", "medium", "high", "xhigh"], defaultEffort: "none" },
  { id: "gpt-5.1", ...middle, efforts: ["none", "low", "medium", "high"], defaultEffort: "none" },
  { id: "gpt-5", ...middle, efforts: ["minimal", "low", "medium", "high"], defaultEffort: "medium" },
  { id: "gpt-5-mini", ...middle, efforts: ["minimal", "low", "medium", "high"], defaultEffort: "medium" },
  { id: "gpt-5-nano", ...middle, efforts: ["minimal", "low", "medium", "high"], defaultEffort: "medium" },
  { id: "gpt-4.1", contextWindow: 1_047_576, maxOutputTokens: 32_768, inputModalities: textImageFile },
  { id: "gpt-4.1-mini", contextWindow: 1_047_576, maxOutputTokens: 32_768, inputModalities: textImageFile },
  { id: "gpt-4o", contextWindow: 128_000, maxOutputTokens: 16_384, inputModalities: textImageFile },
  { id: "gpt-4o-mini", contextWindow: 128_000, maxOutputTokens: 16_384, inputModalities: textImageFile },
];
