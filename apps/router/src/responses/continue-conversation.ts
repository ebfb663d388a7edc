import { isJsonObject, type JsonObject, type JsonValue, RouterError, type TranslationReport } from "@turnout/core";
import { withoutUnreadableReasoning } from "./carried-reasoning.ts";
import type { ClientMemory } from "./client-memory.ts";
import { conversationItems, type Turn } from "./turn.ts";

/** A request whose references to earlier answers have been replaced by what they stand for. */
export interface ContinuedRequest {
  /** Holds the whole conversation. The given body itself when it refers to nothing. */
  readonly body: JsonObject;
  /** What the answer belongs to; undefined when a part of the conversation is known to its upstream only. */
  readonly conversation: ConversationSoFar | undefined;
  /** What of the conversation could not be sent again; undefined when all of it could. */
  readonly report?: TranslationReport;
}

export interface ConversationSoFar {
  readonly before: Turn | undefined;
  /** New items of this request, references replaced. */
  readonly added: readonly JsonValue[];
}

/**
 * Resolves `previous_response_id` and items of type `item_reference` of a body in the Responses format. Items are shared, not
 * copied. Instructions of the earlier request do not count, as in the public API.
 *
 * @param keepsResponses - Whether the upstream of the model keeps responses itself. What is not known here may then be known
 *   there, and stays as it is.
 * @throws {RouterError} `not-found` with the path of what is not known here, or no longer.
 */
export function continueConversation(
  body: JsonObject,
  memory: ClientMemory,
  keepsResponses: (model: string) => boolean,
): ContinuedRequest {
  const mayStay = () => typeof body["model"] !== "string" || keepsResponses(body["model"]);
  const { items, isWhole } = resolveReferences(body["input"], memory, mayStay);
  const isKnown = isWhole && !isSet(body["conversation"]) && !isSet(body["prompt"]);
  const { previous_response_id: previous, ...rest } = body;
  if (typeof previous !== "string") {
    const resolved = items === body["input"] || items === undefined ? body : { ...body, input: items };
    return { body: resolved, conversation: isKnown ? { before: undefined, added: asItems(items) } : undefined };
  }
  // What cannot be read is refused where requests are read.
  if (isSet(items) && items !== "" && typeof items !== "string" && !Array.isArray(items))
    return { body, conversation: undefined };
  const before = memory.find(previous);
  if (before === undefined) {
    if (mayStay()) return { body, conversation: undefined };
    throw new RouterError("not-found", `Previous response with id '${previous.slice(0, longestId)}' not found`, {
      path: "previous_response_id",
    });
  }
  const added = asItems(items);
  const conversation = isKnown ? { before, added } : undefined;
  const earlier = conversationItems(before);
  if (body["store"] !== false || !mayStay()) return { body: { ...rest, input: [...earlier, ...added] }, conversation };
  const readable = withoutUnreadableReasoning(earlier);
  return { body: { ...rest, input: [...readable.items, ...added] }, conversation, report: readable.report };
}

function isSet(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null;
}

/** Characters of an id in an error: it is whatever the client sent. */
const longestId = 128;

/** A text stands for one message. */
function asItems(input: JsonValue | undefined): readonly JsonValue[] {
  if (typeof input === "string" && input !== "") return [{ type: "message", role: "user", content: input }];
  const items: readonly JsonValue[] = Array.isArray(input) ? input : [];
  return items;
}

/** @returns The given array itself when it holds no reference. */
function resolveReferences(
  input: JsonValue | undefined,
  memory: ClientMemory,
  mayStay: () => boolean,
): { items: JsonValue | undefined; isWhole: boolean } {
  if (!Array.isArray(input) || !input.some(isReference)) return { items: input, isWhole: true };
  let isWhole = true;
  const items = input.map((item: JsonValue, index) => {
    const id = referredId(item);
    if (id === undefined) return item;
    const known = memory.item(id);
    if (known !== undefined) return known;
    if (!mayStay()) {
      throw new RouterError("not-found", `Item with id '${id.slice(0, longestId)}' not found`, {
        path: `input[${index}].id`,
      });
    }
    isWhole = false;
    return item;
  });
  return { items, isWhole };
}

function isReference(item: JsonValue): boolean {
  return referredId(item) !== undefined;
}

/** The type may be left out: an item that is nothing but an id is a reference too. */
function referredId(item: JsonValue): string | undefined {
  if (!isJsonObject(item)) return undefined;
  const { type, id } = item;
  if (typeof id !== "string") return undefined;
  if (type === "item_reference") return id;
  return (type === undefined || type === null) && item["role"] === undefined && Object.keys(item).length <= 2
    ? id
    : undefined;
}
