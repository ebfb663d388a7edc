import { chatClients } from "./chat-clients.ts";
import type { Client } from "./conversation.ts";
import { geminiClients } from "./gemini-clients.ts";
import { referringClients, socketClients } from "./lines.ts";
import { messagesClients } from "./messages-clients.ts";
import { responsesClients } from "./responses-clients.ts";

export const allClients: readonly Client[] = [
  ...chatClients,
  ...responsesClients,
  ...referringClients,
  ...socketClients,
  ...messagesClients,
  ...geminiClients,
];
