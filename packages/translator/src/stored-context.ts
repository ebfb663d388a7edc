import { type Block, isJsonObject, type ModelRequest, type WireFormat } from "@turnout/core";

import { invalidRequest } from "./validate.ts";

/** Fields that name something one provider keeps, or ask it to keep working: without them the question is another one. */
const storedFields: Readonly<Record<WireFormat, readonly string[]>> = {
  "openai-chat": [],
  "openai-responses": ["conversation", "prompt", "background"],
  "anthropic-messages": [],
  gemini: ["cachedContent"],
};

/** Items and parts that point at content, or hold it, as no other format can. */
function isUnreadable(block: Block): boolean {
  if (block.type !== "opaque" || !isJsonObject(block.value)) return false;
  const { type, inlineData, fileData } = block.value;
  if (block.wire === "openai-responses") return type === "item_reference";
  return block.wire === "gemini" && (inlineData !== undefined || fileData !== undefined);
}

/**
 * Refuses what another format than the client's would lose with the meaning of the question (translation.md 5).
 *
 * @throws {RouterError} `request-invalid` with the path of the field.
 */
export function refuseStoredContext(request: ModelRequest, wire: WireFormat): void {
  const { extras } = request;
  if (extras === undefined || extras.wire === wire) return;
  for (const field of storedFields[extras.wire]) {
    const value = extras.fields[field];
    if (value === undefined || value === null || value === false) continue;
    throw invalidRequest(
      field,
      `Cannot send \`${field}\` to this upstream: only its own provider knows what it stands for`,
    );
  }
  for (const turn of request.turns) {
    if (turn.role !== "user") continue;
    const index = turn.blocks.findIndex(isUnreadable);
    if (index === -1) continue;
    throw invalidRequest(
      turn.paths?.[index] ?? "turns",
      "Cannot send this content to this upstream: only its own provider reads it",
    );
  }
}
