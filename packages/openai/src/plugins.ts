import type { ProviderPlugin } from "@turnout/core";

import { openaiChat } from "./openai-chat.ts";
import { openaiResponses } from "./openai-responses.ts";
import { openaiResponsesWs } from "./openai-responses-ws.ts";

/** All plugins of provider `openai`, in the order they are tried. */
export const openaiPlugins: readonly ProviderPlugin[] = [openaiResponsesWs, openaiResponses, openaiChat];
