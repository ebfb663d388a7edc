import type { JsonObject } from "@turnout/core";
import { z } from "zod";
import { parseObject } from "../json.ts";
import { inputItemSchema, type InputItem, type ResponsesRequest } from "../strict/request-schema.ts";
import type { Problem } from "./errors.ts";

/** A response that was stored, as `store` wants by default. */
interface StoredResponse {
  readonly input: readonly InputItem[];
  readonly outputText: string;
  readonly document: string;
}

/** The newest responses of all accounts. */
export interface ResponseStore {
  save(accountId: string, id: string, response: StoredResponse): void;
  find(accountId: string, id: string): JsonObject | undefined;
  /** False when there was none. */
  delete(accountId: string, id: string): boolean;
  hasItem(accountId: string, id: string): boolean;
  /** The whole conversation: what was continued, then what was sent, its references resolved. */
  resolve(accountId: string, request: ResponsesRequest): readonly InputItem[] | Problem;
}

const maximumResponses = 500;
const outputSchema = z.array(inputItemSchema);

function missingItem(id: string): Problem {
  const message =
    `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. ` +
    "Try again with `store` set to true, or remove this item from your input.";
  return { status: 404, message, param: "input" };
}

/** Remembers in memory, at most 500 responses; the oldest go first. */
export function createResponseStore(): ResponseStore {
  const responses = new Map<string, StoredResponse>();

  function keyOf(accountId: string, id: string): string {
    return `${accountId} ${id}`;
  }

  function outputOf({ outputText }: StoredResponse): readonly InputItem[] {
    return outputSchema.parse(JSON.parse(outputText));
  }

  /** Newest first: a client refers to what it was just told. */
  function findItem(accountId: string, id: string): InputItem | undefined {
    const own = [...responses].filter(([key]) => key.startsWith(`${accountId} `)).toReversed();
    for (const [, response] of own) {
      if (!response.outputText.includes(`"${id}"`)) continue;
      const item = outputOf(response).find((each) => each.id === id);
      if (item !== undefined) return item;
    }
    return undefined;
  }

  return {
    save(accountId, id, response) {
      responses.set(keyOf(accountId, id), response);
      const oldest = responses.keys().next();
      if (responses.size > maximumResponses && oldest.done !== true) responses.delete(oldest.value);
    },
    find(accountId, id) {
      const found = responses.get(keyOf(accountId, id));
      return found === undefined ? undefined : parseObject(found.document);
    },
    delete: (accountId, id) => responses.delete(keyOf(accountId, id)),
    hasItem: (accountId, id) => findItem(accountId, id) !== undefined,
    resolve(accountId, { input, previous_response_id: previous }) {
      const items: InputItem[] = [];
      if (typeof previous === "string") {
        const found = responses.get(keyOf(accountId, previous));
        if (found === undefined) {
          const message = `Previous response with id '${previous}' not found.`;
          return { message, code: "previous_response_not_found", param: "previous_response_id" };
        }
        items.push(...found.input, ...outputOf(found));
      }
      for (const item of input) {
        if (item.type !== "item_reference") items.push(item);
        else {
          const id = item.id ?? "";
          const found = findItem(accountId, id);
          if (found === undefined) return missingItem(id);
          items.push(found);
        }
      }
      return items;
    },
  };
}
