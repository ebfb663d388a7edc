import type { Block, JsonObject } from "@turnout/core";
import { RouterError } from "@turnout/core";

import { decodeContent, decodeCustomCall, decodeFunctionCall, fromReasoningItem, isWholeJson } from "./item-decode.ts";
import { messageSchema, reasoningSchema } from "./schema.ts";

const nowhere: readonly PropertyKey[] = [];

function opaque(item: JsonObject): Block[] {
  return [{ type: "opaque", wire: "openai-responses", value: item }];
}

function decodeMessage(item: JsonObject): Block[] {
  const result = messageSchema.safeParse(item);
  if (!result.success) return opaque(item);
  const blocks = decodeContent(result.data, nowhere, true);
  // One part of an unknown kind: the message is good for its own format only.
  return blocks.some((block) => block.type !== "text" && block.type !== "refusal") ? opaque(item) : blocks;
}

/** A call cut off in the middle must not be executed, whatever the status says (T96). */
function checkCall(block: Block): Block[] {
  if (block.type !== "tool-call" || block.kind !== "function" || isWholeJson(block.arguments)) return [block];
  return [{ ...block, incomplete: true }];
}

function decodeKnown(item: JsonObject, model: string | undefined): Block[] {
  switch (item["type"]) {
    case "message":
      return decodeMessage(item);
    case "function_call":
      return checkCall(decodeFunctionCall(item, nowhere));
    case "custom_tool_call":
      return [decodeCustomCall(item, nowhere)];
    case "reasoning": {
      const result = reasoningSchema.safeParse(item);
      return result.success ? [fromReasoningItem(result.data, model)] : opaque(item);
    }
    default:
      return opaque(item);
  }
}

/**
 * One finished item of an answer as blocks. Lenient: an item of a known type with a shape we do not know travels whole,
 * for clients of the same format.
 */
export function decodeOutputItem(item: JsonObject, model: string | undefined): Block[] {
  try {
    return decodeKnown(item, model);
  } catch (error) {
    if (RouterError.is(error) && error.code === "request-invalid") return opaque(item);
    throw error;
  }
}
