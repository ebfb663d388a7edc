import type { QuotaReading } from "@turnout/core";

import { codexModels } from "../models.ts";

/** The limit of the plan itself, for all models. */
export const planLimit = "codex";

const knownModels = new Set(codexModels.map((model) => model.id));

/**
 * Which models a limit counts for. The plan's own is for all; any other is for the model it is named after ("GPT-5.3-Codex-Spark",
 * seen 2026-10), and for none that we know when it is named after something else, such as code reviews.
 */
export function modelsOfLimit(limit: string, name: string | undefined): Pick<QuotaReading, "models"> {
  if (limit === planLimit) return {};
  const model = (name ?? limit).toLowerCase().replaceAll(/[\s_]+/gu, "-");
  return { models: knownModels.has(model) ? [model] : [] };
}
