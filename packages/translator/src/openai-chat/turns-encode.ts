import type { Block, JsonValue, ToolResultBlock, Turn } from "@turnout/core";

import type { ToolCallIds } from "../ids.ts";
import { blockPath, type LossCollector, turnPath } from "../report.ts";
import type { ToolNames } from "../tool-names.ts";
import { encodeAssistant } from "./assistant.ts";
import { encodeContent, reportBlock } from "./content-encode.ts";
import { type Fields, ownFields, reportForeign, restore, wire } from "./extras.ts";

export interface TurnsContext {
  readonly losses: LossCollector;
  readonly ids: ToolCallIds;
  readonly names: ToolNames;
  /** The upstream takes role `developer`. */
  readonly developerRole: boolean;
}

interface Placed<B extends Block = Block> {
  readonly block: B;
  readonly path: string;
}

const isResult = (placed: Placed): placed is Placed<ToolResultBlock> => placed.block.type === "tool-result";

/**
 * The messages of a history. Results come first in their turn, one message each; media in them follow as one message of
 * the user after all results, since OpenAI takes text only in a `tool` message (T62 to T65).
 */
export function encodeTurns(turns: readonly Turn[], context: TurnsContext): JsonValue[] {
  const { losses } = context;
  const messages: JsonValue[] = [];
  let media: Placed[] = [];

  function flushMedia(): void {
    if (media.length === 0) return;
    messages.push({ role: "user", content: encodeContent(media, losses) });
    media = [];
  }

  function encodeResult({ block, path }: Placed<ToolResultBlock>): void {
    const own = ownFields(block.extras);
    const callId = context.ids.result(block.callId);
    const text: Placed[] = [];
    const moved: Placed[] = [];
    for (const [index, part] of block.content.entries()) {
      const placed = { block: part, path: `${path}.content[${index}]` };
      const isOwn = part.type === "opaque" ? part.wire === wire : part.extras?.wire === wire;
      if (part.type === "text" || isOwn) text.push(placed);
      else if (part.type === "opaque") losses.dropped(placed.path, "only its own format can carry this block");
      else moved.push(placed);
    }
    if (moved.length > 0) {
      losses.approximated(path, "media in a tool result: sent in a message of the user after the results");
      const lead: Block = { type: "text", text: `From the result of tool call ${callId}:` };
      media.push({ block: lead, path }, ...moved);
    }
    // Chat has no flag for a failed call; its text tells (translation.md 2.8).
    if (block.isError === true) losses.approximated(`${path}.isError`, "Chat has no flag for a failed tool call");
    reportBlock(block, path, losses);
    const message: Fields =
      own["$legacy"] === true
        ? { role: "function", name: block.name ?? "", content: encodeResultContent(text) }
        : { role: "tool", tool_call_id: callId, content: encodeResultContent(text) };
    restore(message, block.extras);
    messages.push(message);
  }

  /** Text of other formats is one string: vendors that take no array of parts in a `tool` message are many. */
  function encodeResultContent(placed: readonly Placed[]): JsonValue {
    if (placed.some(({ block }) => block.type !== "text" || block.extras?.wire === wire)) {
      return encodeContent(placed, losses);
    }
    for (const { block, path } of placed) reportBlock(block, path, losses);
    return placed.map(({ block }) => (block.type === "text" ? block.text : "")).join("\n");
  }

  function encodeUser(turn: Turn, placed: readonly Placed[]): void {
    const results = placed.filter(isResult);
    for (const result of results) encodeResult(result);
    const rest = placed.filter((entry) => !isResult(entry));
    if (rest.length === 0 && results.length > 0) return;
    flushMedia();
    const message: Fields = { role: "user", content: ownFields(turn.extras)["content"] ?? encodeContent(rest, losses) };
    restore(message, turn.extras);
    messages.push(message);
  }

  function encodeSystem(turn: Turn, placed: readonly Placed[]): void {
    const text = placed.filter(({ block, path }) => {
      const isText = block.type === "text" || (block.type === "opaque" && block.wire === wire);
      if (!isText) losses.dropped(path, `a block of type \`${block.type}\` in a system turn`);
      return isText;
    });
    if (text.length === 0 && placed.length > 0) return;
    if (turn.level === "developer" && !context.developerRole) {
      losses.approximated("messages", "role `developer` sent as `system`");
    }
    const role = turn.level === "developer" && context.developerRole ? "developer" : "system";
    const message: Fields = { role, content: ownFields(turn.extras)["content"] ?? encodeContent(text, losses) };
    restore(message, turn.extras);
    messages.push(message);
  }

  for (const [index, turn] of turns.entries()) {
    const placed = turn.blocks.map((block, number) => ({ block, path: blockPath(turn, `turns[${index}]`, number) }));
    reportForeign(turn.extras, turnPath(turn, index), losses);
    switch (turn.role) {
      case "user":
        encodeUser(turn, placed);
        break;
      case "system":
        flushMedia();
        encodeSystem(turn, placed);
        break;
      case "assistant": {
        flushMedia();
        context.ids.nextTurn();
        const message = encodeAssistant(placed, ownFields(turn.extras), {
          losses,
          place: "history",
          callId: (id) => context.ids.call(id),
          toolName: (name, namespace) => context.names.toWire(name, namespace),
        });
        // Nothing but foreign thoughts: a message that says nothing only breaks the order of the others.
        if (isSilent(message) && placed.length > 0) break;
        messages.push(message);
        break;
      }
    }
  }
  flushMedia();
  return messages;
}

function isSilent(message: Fields): boolean {
  return Object.keys(message).length === 2 && message["content"] === "";
}
