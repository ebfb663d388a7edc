import type { JsonValue } from "@turnout/core";
import { z } from "zod";
import { itemType } from "../strict/input.ts";
import type { InputItem, RequestTool } from "../strict/request-schema.ts";

/** A tool that the request declares and the client runs. */
export interface DeclaredTool {
  readonly kind: "function" | "custom";
  readonly name: string;
  readonly namespace: string | undefined;
}

/** What an answer may depend on. */
export interface Conversation {
  /** Text of the last message of the user. */
  readonly userText: string;
  readonly tools: readonly DeclaredTool[];
  /** Outputs that came after that message, by the name of the tool. */
  readonly outputs: ReadonlyMap<string, string>;
  /** `schema` of a `json_schema` format; undefined for plain text. */
  readonly schema: JsonValue | undefined;
  /** The client asks for one compaction item. */
  readonly compacts: boolean;
}

const namespaceSchema = z.looseObject({
  type: z.literal("namespace"),
  name: z.string(),
  tools: z.array(z.looseObject({ type: z.string(), name: z.string().optional() })),
});

function flattenTools(tools: readonly RequestTool[], namespace?: string): DeclaredTool[] {
  return tools.flatMap((tool) => {
    if (tool.type === "namespace") {
      const group = namespaceSchema.safeParse(tool);
      return group.success ? flattenTools(group.data.tools, group.data.name) : [];
    }
    if ((tool.type !== "function" && tool.type !== "custom") || tool.name === undefined) return [];
    return [{ kind: tool.type, name: tool.name, namespace }];
  });
}

const textPartSchema = z.looseObject({ text: z.string() });

function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part) => textPartSchema.safeParse(part))
    .map((part) => (part.success ? part.data.text : ""))
    .filter((text) => text !== "")
    .join("\n");
}

function outputsAfter(input: readonly InputItem[], start: number): Map<string, string> {
  const names = new Map<string, string>();
  const outputs = new Map<string, string>();
  for (const item of input.slice(start)) {
    if (item.call_id === undefined) continue;
    if (typeof item.name === "string") names.set(item.call_id, item.name);
    const name = names.get(item.call_id);
    if (item.type?.endsWith("_output") === true && name !== undefined) outputs.set(name, contentText(item.output));
  }
  return outputs;
}

export interface ConversationSource {
  readonly input: readonly InputItem[];
  readonly tools: readonly RequestTool[];
  readonly schema: JsonValue | undefined;
}

export function readConversation({ input, tools, schema }: ConversationSource): Conversation {
  const last = input.findLastIndex((item) => itemType(item) === "message" && item.role === "user");
  const additional = input.flatMap((item) => (item.type === "additional_tools" ? (item.tools ?? []) : []));
  return {
    userText: contentText(input[last]?.content),
    tools: flattenTools([...tools, ...additional]),
    outputs: outputsAfter(input, last + 1),
    schema,
    compacts: input.at(-1)?.type === "compaction_trigger",
  };
}
