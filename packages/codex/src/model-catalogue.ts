import type { ModelInfo } from "@turnout/core";
import { z } from "zod";

const optionalNumber = z.number().int().positive().nullish().catch(undefined);
const optionalText = z.string().nullish().catch(undefined);

/** What is used of one entry of `GET /models` of the backend; all but the name may be missing. */
const entrySchema = z.object({
  slug: z.string().min(1),
  display_name: optionalText,
  visibility: optionalText,
  context_window: optionalNumber,
  max_output_tokens: optionalNumber,
  default_reasoning_level: optionalText,
  supported_reasoning_levels: z
    .array(z.object({ effort: z.string() }))
    .nullish()
    .catch(undefined),
  input_modalities: z.array(z.string()).nullish().catch(undefined),
  service_tiers: z
    .array(z.object({ id: z.string() }))
    .nullish()
    .catch(undefined),
  use_responses_lite: z.boolean().nullish().catch(undefined),
});

const catalogueSchema = z.object({ models: z.array(z.unknown()) });
/** The public API's list. */
const listSchema = z.object({ data: z.array(z.unknown()) });
const listEntrySchema = z.object({ id: z.string().min(1) });

const modalities = ["text", "image", "file", "audio"] as const;

function toModel(entry: z.output<typeof entrySchema>): ModelInfo {
  const efforts = entry.supported_reasoning_levels?.map((level) => level.effort) ?? [];
  const tiers = entry.service_tiers?.map((tier) => tier.id) ?? [];
  const known = modalities.filter((modality) => entry.input_modalities?.includes(modality));
  return {
    id: entry.slug,
    ...(entry.display_name ? { displayName: entry.display_name } : {}),
    ...(entry.context_window ? { contextWindow: entry.context_window } : {}),
    ...(entry.max_output_tokens ? { maxOutputTokens: entry.max_output_tokens } : {}),
    ...(efforts.length === 0 ? {} : { efforts }),
    ...(entry.default_reasoning_level ? { defaultEffort: entry.default_reasoning_level } : {}),
    ...(known.length === 0 ? {} : { inputModalities: known }),
    ...(tiers.length === 0 ? {} : { serviceTiers: tiers }),
    ...(entry.use_responses_lite === true ? { responsesLite: true } : {}),
    ...(entry.visibility === "hide" || entry.visibility === "none" ? { hidden: true } : {}),
  };
}

/**
 * Reads the answer of `GET {baseUrl}/models?client_version=…`, in the backend's form (`models`) or the public API's (`data`).
 * Entries that cannot be read are passed over.
 *
 * @returns undefined when the document is neither.
 */
export function readCodexModels(document: unknown): readonly ModelInfo[] | undefined {
  const catalogue = catalogueSchema.safeParse(document);
  if (catalogue.success) {
    return catalogue.data.models.flatMap((entry) => {
      const parsed = entrySchema.safeParse(entry);
      return parsed.success ? [toModel(parsed.data)] : [];
    });
  }
  const list = listSchema.safeParse(document);
  if (!list.success) return undefined;
  return list.data.data.flatMap((entry) => {
    const parsed = listEntrySchema.safeParse(entry);
    return parsed.success ? [{ id: parsed.data.id }] : [];
  });
}
