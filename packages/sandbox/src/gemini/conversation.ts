import { isJsonObject, type JsonValue } from "@turnout/core";
import type { Conversation } from "../script/conversation.ts";
import type { ForcedTool } from "../wire/dialect.ts";
import type { GeminiRequest } from "./request-schema.ts";
import { declarationsOf, readTurns, type GeminiTurn } from "./rule.ts";

function textOf({ parts }: Pick<GeminiTurn, "parts">): string {
  return parts.flatMap(({ part }) => (part.text === undefined || part.text === "" ? [] : [part.text])).join("\n");
}

function outputText(response: JsonValue | undefined): string {
  if (!isJsonObject(response)) return "";
  const value = response.output ?? response.result ?? response.content ?? response.error;
  return typeof value === "string" ? value : JSON.stringify(value ?? response);
}

/** Types in small letters, as JSON schema has them. */
function plainSchema(schema: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(schema)) return schema.map((each: JsonValue) => plainSchema(each) ?? null);
  if (!isJsonObject(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === "type" && typeof value === "string" ? value.toLowerCase() : plainSchema(value),
    ]),
  );
}

export function readGeminiConversation(request: GeminiRequest): Conversation {
  const turns = readTurns(request);
  const last = turns.findLastIndex((turn) => turn.role === "user" && textOf(turn) !== "");
  const outputs = new Map<string, string>();
  for (const { parts } of turns.slice(last + 1)) {
    for (const { part } of parts) {
      if (part.functionResponse !== undefined) {
        outputs.set(part.functionResponse.name, outputText(part.functionResponse.response));
      }
    }
  }
  const { responseSchema, responseJsonSchema, responseMimeType } = request.generationConfig ?? {};
  const json = responseMimeType === "application/json" ? { type: "object" } : undefined;
  const turn = turns[last];
  return {
    userText: turn === undefined ? "" : textOf(turn),
    tools: declarationsOf(request).map(({ name }) => ({ kind: "function", name, namespace: undefined })),
    outputs,
    schema: responseJsonSchema ?? plainSchema(responseSchema) ?? json,
    compacts: false,
  };
}

/** The function that the calling mode insists on. */
export function readForcedDeclaration(request: GeminiRequest): ForcedTool | undefined {
  const config = request.toolConfig?.functionCallingConfig;
  if (config?.mode !== "ANY") return undefined;
  const allowed = config.allowedFunctionNames;
  const found = declarationsOf(request).find(({ name }) => allowed.length === 0 || allowed.includes(name));
  if (found === undefined) return undefined;
  return { name: found.name, parameters: found.parametersJsonSchema ?? plainSchema(found.parameters) };
}
