import type { Block, JsonObject, Turn } from "@turnout/core";

import { signedCall } from "./carried-payload.ts";
import { own, ownFields } from "./extras.ts";
import { decodeItem, type DecodedItem } from "./item-decode.ts";

interface OpenTurn {
  readonly role: Turn["role"];
  readonly level: "system" | "developer" | undefined;
  readonly blocks: Block[];
  /** Where each block stood in the client's request. */
  readonly paths: string[];
  /** A message stands in it already. */
  hasMessage: boolean;
}

/** Items of one assistant answer form one turn (T60); results of one step too; every other message is its own. */
function joins(turn: OpenTurn | undefined, item: DecodedItem): turn is OpenTurn {
  if (turn === undefined || turn.role !== item.role) return false;
  if (item.role === "assistant") return true;
  return item.role === "user" && !item.isMessage && !turn.hasMessage;
}

function isList(value: unknown): boolean {
  return Array.isArray(value);
}

/** The name of a result's tool stands only on the call before it. */
function named(block: Block, names: Map<string, string>): Block {
  if (block.type === "tool-call") names.set(block.callId, block.name);
  if (block.type !== "tool-result") return block;
  const name = names.get(block.callId);
  return name === undefined ? block : { ...block, name };
}

/** A signature that some provider gave a call stands in an item of its own after it, where this format has no place. */
function attachSignature(block: Block, item: JsonObject, blocks: Block[]): boolean {
  const call = blocks.at(-1);
  if (block.type !== "reasoning" || call?.type !== "tool-call") return false;
  if (signedCall(block.extras?.fields) !== call.callId || block.payload === undefined) return false;
  const extras = own({ ...ownFields(call.extras), $carrier: item });
  blocks[blocks.length - 1] = { ...call, payload: block.payload, extras };
  return true;
}

/**
 * The turns that a client's `input` items form.
 *
 * @throws {RouterError} `request-invalid` with the path of the first wrong field.
 */
export function decodeTurns(items: readonly JsonObject[]): Turn[] {
  const turns: OpenTurn[] = [];
  const names = new Map<string, string>();
  let open: OpenTurn | undefined;
  for (const [index, value] of items.entries()) {
    const item = decodeItem(value, ["input", index]);
    if (!joins(open, item)) {
      open = { role: item.role, level: item.level, blocks: [], paths: [], hasMessage: false };
      turns.push(open);
    }
    for (const [position, block] of item.blocks.entries()) {
      if (attachSignature(block, value, open.blocks)) continue;
      open.blocks.push(named(block, names));
      open.paths.push(
        item.isMessage && isList(value["content"]) ? `input[${index}].content[${position}]` : `input[${index}]`,
      );
    }
    open.hasMessage ||= item.isMessage;
  }
  return turns.map(({ role, level, blocks, paths }) =>
    level === undefined ? { role, blocks, paths } : { role, level, blocks, paths },
  );
}
