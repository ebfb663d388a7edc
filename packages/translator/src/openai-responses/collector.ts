import { isJsonObject, type JsonObject, RouterError } from "@turnout/core";

import type { DocumentCollector } from "../codec.ts";
import { sniffEventType } from "../event-type.ts";
import { decodeOpenaiStreamError } from "../openai-error-decode.ts";
import { parseEventObject } from "../parse-json.ts";
import { isFailed, numberField, outputItems } from "./response.ts";

const what = "Responses event";

/**
 * Makes the one document out of a stream: the terminal event's response, with the items that were finished on the way
 * where its own list is shorter (the ChatGPT backend leaves it empty, T107). Fields nobody knows stay.
 */
export function createDocumentCollector(): DocumentCollector {
  let created: JsonObject = {};
  let terminal: JsonObject | undefined;
  const items: { readonly index: number; readonly item: JsonObject }[] = [];

  function addItem(event: JsonObject): void {
    const item = event["item"];
    if (!isJsonObject(item)) return;
    const index = numberField(event, "output_index") ?? items.length;
    const known = items.findIndex((entry) => entry.index === index);
    if (known === -1) items.push({ index, item });
    // The same item again, or another one under an index that a careless upstream uses for all.
    else if (items[known]?.item["id"] === item["id"]) items[known] = { index, item };
    else items.push({ index: items.length, item });
  }

  function end(event: JsonObject, status: "completed" | "incomplete"): void {
    const response = isJsonObject(event["response"]) ? event["response"] : {};
    if (isFailed(response)) throw decodeOpenaiStreamError(event);
    const { status: _status, output: _output, ...opening } = created;
    const whole: JsonObject = { status, ...opening, ...response };
    const output = outputItems(response);
    const ordered = items.toSorted((left, right) => left.index - right.index).map((entry) => entry.item);
    terminal = { ...whole, output: output.length >= ordered.length ? output : ordered };
  }

  return {
    add(event) {
      if (terminal !== undefined || event.data === "[DONE]") return;
      switch (event.type === "" ? sniffEventType(event.data) : event.type) {
        case "response.created": {
          const { response } = parseEventObject(event.data, what);
          if (isJsonObject(response)) created = response;
          break;
        }
        case "response.output_item.done":
          addItem(parseEventObject(event.data, what));
          break;
        case "response.completed":
        case "response.done":
          end(parseEventObject(event.data, what), "completed");
          break;
        case "response.incomplete":
          end(parseEventObject(event.data, what), "incomplete");
          break;
        case "response.failed":
        case "response.cancelled":
        case "error":
          throw decodeOpenaiStreamError(parseEventObject(event.data, what));
      }
    },
    end() {
      if (terminal !== undefined) return terminal;
      throw new RouterError(
        "upstream-unavailable",
        "Cannot finish the answer: the upstream's stream ended before its terminal event",
        { status: undefined, requestSent: true },
      );
    },
  };
}
