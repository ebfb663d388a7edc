import { isJsonObject, type JsonValue } from "@turnout/core";
import type { Conversation } from "../script/conversation.ts";
import type { ForcedTool } from "../wire/dialect.ts";
import type { ContentBlock, CountRequest, Message } from "./request-schema.ts";

function textOf(content: readonly { readonly type: string }[] | undefined): string {
  return (content ?? [])
    .flatMap((block) => ("text" in block && typeof block.text === "string" ? [block.text] : []))
    .filter((text) => text !== "")
    .join("\n");
}

function outputsAfter(messages: readonly Message[], start: number): Map<string, string> {
  const names = new Map<string, string>();
  const outputs = new Map<string, string>();
  const visit = (block: ContentBlock) => {
    if (block.type === "tool_use") names.set(block.id, block.name);
    if (block.type !== "tool_result") return;
    const name = names.get(block.tool_use_id);
    if (name !== undefined) outputs.set(name, textOf(block.content));
  };
  for (const { content } of messages.slice(start)) content.forEach(visit);
  return outputs;
}

function hasWords({ role, content }: Message): boolean {
  return role === "user" && content.some(({ type }) => type === "text") && content[0]?.type !== "tool_result";
}

export function readMessagesConversation(request: CountRequest): Conversation {
  const { messages, tools = [], output_config: output } = request;
  const last = messages.findLastIndex(hasWords);
  return {
    userText: textOf(messages[last]?.content),
    tools: tools.flatMap(({ type, name }) =>
      type === "custom" && name !== undefined ? [{ kind: "function" as const, name, namespace: undefined }] : [],
    ),
    outputs: outputsAfter(messages, last + 1),
    schema: output?.format?.schema,
    compacts: false,
  };
}

function schemaOf(tool: unknown): JsonValue | undefined {
  return isJsonObject(tool) ? tool.input_schema : undefined;
}

/** The tool that `tool_choice` insists on. */
export function readForcedTool({ tool_choice: choice, tools = [] }: CountRequest): ForcedTool | undefined {
  if (choice?.type !== "tool" && choice?.type !== "any") return undefined;
  const tool = tools.find(({ type, name }) => type === "custom" && (choice.type === "any" || name === choice.name));
  return tool?.name === undefined ? undefined : { name: tool.name, parameters: schemaOf(tool) };
}
