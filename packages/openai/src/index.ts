export { openaiModels } from "./models.ts";
export { createOpenaiChat, openaiChat, type OpenaiHttpDependencies } from "./openai-chat.ts";
export { createOpenaiResponses, openaiResponses } from "./openai-responses.ts";
export { createOpenaiResponsesWs, openaiResponsesWs, type OpenaiWebSocketDependencies } from "./openai-responses-ws.ts";
export { type OpenaiOptions, type OpenaiOptionsInput, openaiOptionsSchema } from "./options.ts";
export { openaiPlugins } from "./plugins.ts";
