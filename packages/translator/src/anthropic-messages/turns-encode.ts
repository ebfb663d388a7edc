import { type Block, isJsonObject, type JsonObject, type JsonValue, type Turn } from "@turnout/core";

import type { Fields } from "../fields.ts";
import { blockPath, turnPath } from "../report.ts";
import { invalidRequest } from "../validate.ts";
import { type BlockContext, encodeBlock } from "./block-encode.ts";
import { ownFields, reportForeign, restore } from "./extras.ts";
import type { ModelCapabilities } from "./models.ts";
import { placeNote, stringNote } from "./request-decode.ts";

/** The conversation in Anthropic's shape. */
export interface Conversation {
  readonly system: JsonValue | undefined;
  readonly messages: readonly JsonValue[];
}

/** Where nothing is left to say but a turn must stand: empty and blank texts are refused (T61). */
const placeholder: JsonObject = { type: "text", text: "." };

/** What a model that takes no beginning of its answer is told instead (T74). */
const continueText = "Continue directly after the text above, without repeating any of it.";

function encodeOwnContent(turn: Turn, context: BlockContext): JsonValue {
  const [first] = turn.blocks;
  if (ownFields(turn.extras)[stringNote] === true && first?.type === "text") return first.text;
  const blocks: JsonValue[] = [];
  for (const [index, block] of turn.blocks.entries()) {
    const encoded = encodeBlock(block, blockPath(turn, "", index), context);
    if (encoded !== undefined) blocks.push(encoded);
  }
  return blocks;
}

/** A conversation that came from this format, as it was. */
export function encodeOwnTurns(turns: readonly Turn[], context: BlockContext): Conversation {
  let system: JsonValue | undefined;
  const messages: JsonValue[] = [];
  for (const turn of turns) {
    const content = encodeOwnContent(turn, context);
    if (ownFields(turn.extras)[placeNote] === "system") {
      system = content;
      continue;
    }
    const message: Fields = { role: turn.role, content };
    restore(message, turn.extras);
    messages.push(message);
  }
  return { system, messages };
}

/** One message under construction. Blocks are sorted into the order Anthropic wants. */
interface OpenMessage {
  readonly role: "user" | "assistant" | "system";
  /** Thoughts of an assistant. */
  readonly head: JsonObject[];
  readonly body: JsonObject[];
  /** Calls stand last: hosted Claude splits a turn after them (T57). */
  readonly tail: JsonObject[];
}

const isBlank = (block: Block): boolean =>
  (block.type === "text" || block.type === "refusal") && block.text.trim() === "";

function isAssistantMedia(block: Block): boolean {
  return block.type === "image" || block.type === "file" || block.type === "audio";
}

/**
 * A conversation of another format: system texts at the head, neighbours of one role in one message (T60), blank texts
 * left out.
 *
 * @param turns - A repaired history: results follow their calls at once, before everything else.
 * @throws {RouterError} `request-invalid` when the last turn calls tools whose results are missing.
 */
export function encodeForeignTurns(
  turns: readonly Turn[],
  context: BlockContext,
  model: ModelCapabilities,
  isThinking: boolean,
): Conversation {
  const { losses } = context;
  const system: JsonObject[] = [];
  const messages: OpenMessage[] = [];
  /** Media of assistants, and system texts, on their way to the next message of the user. */
  let media: JsonObject[] = [];
  let notes: JsonObject[] = [];

  function open(role: OpenMessage["role"]): OpenMessage {
    const last = messages.at(-1);
    if (last?.role === role && role !== "system") return last;
    const message: OpenMessage = { role, head: [], body: [], tail: [] };
    messages.push(message);
    return message;
  }

  function addSystem(turn: Turn, index: number): void {
    const texts: (Fields & { text: string })[] = [];
    for (const [position, block] of turn.blocks.entries()) {
      const path = blockPath(turn, `turns[${index}]`, position);
      if (isBlank(block)) continue;
      const encoded = block.type === "text" ? encodeBlock(block, path, context) : undefined;
      if (block.type !== "text" || encoded === undefined) {
        losses.dropped(path, `a block of type \`${block.type}\` in a system turn`);
      } else texts.push({ ...encoded, text: block.text });
    }
    if (texts.length === 0) return;
    if (messages.length === 0) {
      system.push(...texts);
    } else if (model.systemTurns && messages.at(-1)?.role === "user") {
      open("system").body.push(...texts);
    } else {
      losses.approximated(turnPath(turn, index), "a system turn amid the history: sent inside the next user turn");
      notes.push(...texts.map((text) => ({ ...text, text: `<system>\n${text.text}\n</system>` })));
    }
  }

  function addAssistant(turn: Turn, index: number): void {
    context.ids?.nextTurn();
    const message: OpenMessage = { role: "assistant", head: [], body: [], tail: [] };
    for (const [position, block] of turn.blocks.entries()) {
      const path = blockPath(turn, `turns[${index}]`, position);
      if (isBlank(block)) continue;
      if (isAssistantMedia(block)) {
        losses.approximated(path, `an assistant's ${block.type}: sent inside the next user turn`);
        const encoded = encodeBlock(block, path, context);
        if (encoded !== undefined) media.push({ type: "text", text: "Made by the assistant:" }, encoded);
        continue;
      }
      const encoded = encodeBlock(block, path, context);
      if (encoded === undefined) continue;
      if (block.type === "reasoning") message.head.push(encoded);
      else if (block.type === "tool-call") message.tail.push(encoded);
      else message.body.push(encoded);
    }
    if (message.head.length + message.body.length + message.tail.length === 0) return;
    const target = open("assistant");
    target.head.push(...message.head);
    target.body.push(...message.body);
    target.tail.push(...message.tail);
  }

  function addUser(turn: Turn, index: number): void {
    const target = open("user");
    for (const [position, block] of turn.blocks.entries()) {
      const path = blockPath(turn, `turns[${index}]`, position);
      if (isBlank(block)) continue;
      const encoded = encodeBlock(block, path, context);
      // Results are at the head already: the history was repaired (T53).
      if (encoded !== undefined) target.body.push(encoded);
    }
    target.body.push(...media, ...notes);
    media = [];
    notes = [];
  }

  for (const [index, turn] of turns.entries()) {
    reportForeign(turn.extras, turnPath(turn, index), losses);
    if (turn.role === "system") addSystem(turn, index);
    else if (turn.role === "assistant") addAssistant(turn, index);
    else addUser(turn, index);
  }
  if (media.length + notes.length > 0) addUser({ role: "user", blocks: [] }, turns.length);
  finishEnds(messages, context, model, isThinking);
  return {
    system: system.length > 0 ? system : undefined,
    messages: messages.map((message) => closeMessage(message)),
  };
}

function closeMessage({ role, head, body, tail }: OpenMessage): JsonObject {
  const content = [...head, ...body, ...tail];
  const [only] = content;
  // One text is written as one, unless it carries more than its text.
  const isText = content.length === 1 && only?.["type"] === "text" && Object.keys(only).length === 2;
  if (content.length === 0) return { role, content: [placeholder] };
  return { role, content: isText ? (only["text"] ?? "") : content };
}

/** The first turn is the user's, and so is the last one, except where the model continues an answer. */
function finishEnds(
  messages: OpenMessage[],
  context: BlockContext,
  model: ModelCapabilities,
  isThinking: boolean,
): void {
  const { losses } = context;
  if (messages[0]?.role !== "user") {
    messages.unshift({ role: "user", head: [], body: [placeholder], tail: [] });
    losses.approximated("messages", "Anthropic wants a turn of the user first: one was added");
  }
  const last = messages.at(-1);
  if (last?.role !== "assistant") return;
  if (last.tail.length > 0) {
    throw invalidRequest(
      "messages",
      "Cannot send the conversation to an Anthropic upstream: it ends with a tool call that has no result",
    );
  }
  if (last.body.length === 0) {
    messages.pop();
    return;
  }
  if (model.prefill && !isThinking) {
    const text = last.body.at(-1);
    if (isJsonObject(text) && typeof text["text"] === "string") {
      last.body[last.body.length - 1] = { ...text, text: text["text"].trimEnd() };
    }
    return;
  }
  losses.approximated("messages", "the beginning of an answer: the model is asked to go on after it");
  messages.push({ role: "user", head: [], body: [{ type: "text", text: continueText }], tail: [] });
}
