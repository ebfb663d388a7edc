export { prepareChatBody } from "./body.ts";
export { type ChatDialect, chatDialectSchema, defaultChatDialect } from "./dialect.ts";
export { createOpenaiCompatible, openaiCompatible, type OpenaiCompatibleDependencies } from "./openai-compatible.ts";
export {
  type OpenaiCompatibleOptions,
  type OpenaiCompatibleOptionsInput,
  openaiCompatibleOptionsSchema,
} from "./options.ts";
export { type ChatPreset, type ChatPresetName, chatPresetNames, chatPresets } from "./presets.ts";
