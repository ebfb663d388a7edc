import type { Conversation, DeclaredTool } from "../script/conversation.ts";
import type { ForcedTool } from "../wire/dialect.ts";
import type { ChatMessage, ChatRequest, ChatTool } from "./request-schema.ts";
import { chosenName, toolName } from "./tool-rules.ts";

function textOf(content: ChatMessage["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? [])
    .flatMap((part) => (part.type === "text" ? [part.text] : []))
    .filter((text) => text !== "")
    .join("\n");
}

function declared(tool: ChatTool): DeclaredTool {
  return { kind: tool.type, name: toolName(tool), namespace: undefined };
}

function outputsAfter(messages: readonly ChatMessage[], start: number): Map<string, string> {
  const names = new Map<string, string>();
  const outputs = new Map<string, string>();
  for (const message of messages.slice(start)) {
    if (message.role === "assistant") {
      for (const call of message.tool_calls ?? []) {
        names.set(call.id, call.type === "function" ? call.function.name : call.custom.name);
      }
    }
    if (message.role !== "tool") continue;
    const name = names.get(message.tool_call_id);
    if (name !== undefined) outputs.set(name, textOf(message.content));
  }
  return outputs;
}

export function readChatConversation({ messages, tools = [], response_format: format }: ChatRequest): Conversation {
  const last = messages.findLastIndex(({ role }) => role === "user");
  return {
    userText: textOf(messages[last]?.content),
    tools: tools.map(declared),
    outputs: outputsAfter(messages, last + 1),
    schema: format?.type === "json_schema" ? format.json_schema.schema : undefined,
    compacts: false,
  };
}

/** The function that `tool_choice` insists on. */
export function readForcedFunction({ tool_choice: choice, tools = [] }: ChatRequest): ForcedTool | undefined {
  const name = chosenName(choice);
  if (choice !== "required" && name === undefined) return undefined;
  const tool = tools.find((each) => each.type === "function" && (name === undefined || each.function.name === name));
  return tool?.type === "function" ? { name: tool.function.name, parameters: tool.function.parameters } : undefined;
}
