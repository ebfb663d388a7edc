export { createGemini, gemini, type GeminiDependencies } from "./gemini.ts";
export { geminiModels } from "./models.ts";
export { type GeminiOptions, type GeminiOptionsInput, geminiOptionsSchema } from "./options.ts";
