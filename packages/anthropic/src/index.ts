export { anthropic, type AnthropicDependencies, createAnthropic } from "./anthropic.ts";
export { anthropicModels } from "./models.ts";
export { type AnthropicOptions, type AnthropicOptionsInput, anthropicOptionsSchema } from "./options.ts";
