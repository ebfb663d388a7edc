/** What a family of Gemini models takes. Facts of translation.md 2.2, 2.6, 2.8, 2.10 and 2.14 (August 2026). */
export interface GeminiModel {
  /** How thinking is steered; sending the wrong field, or both, is a 400 (T23). */
  readonly thinking:
    | { readonly by: "level"; readonly levels: readonly ThinkingLevel[] }
    | { readonly by: "budget"; readonly min: number; readonly max: number; readonly off: boolean }
    | { readonly by: "none" };
  /** Takes plain JSON Schema in `parametersJsonSchema` and `responseJsonSchema`. */
  readonly jsonSchema: boolean;
  /** Wants a signature on the first call of each step, and takes media inside `functionResponse` and on parts. */
  readonly generation3: boolean;
  /** Takes `systemInstruction`. */
  readonly system: boolean;
}

export type ThinkingLevel = "MINIMAL" | "LOW" | "MEDIUM" | "HIGH";

const allLevels = ["MINIMAL", "LOW", "MEDIUM", "HIGH"] as const;
const fromLow = ["LOW", "MEDIUM", "HIGH"] as const;

const modern = { jsonSchema: true, generation3: true, system: true } as const;
const budgeted = { jsonSchema: true, generation3: false, system: true } as const;
const old = { jsonSchema: false, generation3: false, system: true } as const;

/** The first match counts. */
const table: readonly (readonly [RegExp, GeminiModel])[] = [
  [/^gemma/u, { ...old, thinking: { by: "none" }, system: false }],
  [/^gemini-(?:1|2\.0|pro$)/u, { ...old, thinking: { by: "none" } }],
  [/^gemini-2\.5-pro/u, { ...budgeted, thinking: { by: "budget", min: 128, max: 32_768, off: false } }],
  [/^gemini-2\.5-flash-lite/u, { ...budgeted, thinking: { by: "budget", min: 512, max: 24_576, off: true } }],
  [/^gemini-2/u, { ...budgeted, thinking: { by: "budget", min: 1, max: 24_576, off: true } }],
  // `minimal` is not offered by these (PY, VA).
  [/^gemini-3(?:\.1)?-pro|^gemini-3\.7-flash(?!-lite)/u, { ...modern, thinking: { by: "level", levels: fromLow } }],
];

const newest: GeminiModel = { ...modern, thinking: { by: "level", levels: allLevels } };

/**
 * What the model of this name takes. Names nobody has told us of are taken for the newest family.
 *
 * @param name - With or without `models/`, or a Vertex path.
 */
export function geminiModel(name: string): GeminiModel {
  const bare = name.slice(name.lastIndexOf("/") + 1).toLowerCase();
  return table.find(([pattern]) => pattern.test(bare))?.[1] ?? newest;
}
