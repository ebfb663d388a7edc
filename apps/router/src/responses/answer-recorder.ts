import { isJsonObject, type JsonObject, type JsonValue, type WireEvent } from "@turnout/core";
import { sniffEventType, tryParseJson } from "@turnout/translator";

/** The part of a finished answer that later requests may refer to. */
export interface RecordedAnswer {
  readonly responseId: string;
  readonly output: readonly JsonObject[];
}

/** Reads along on an answer in the Responses format as it goes to the client. */
export interface AnswerRecorder {
  /** Of a stream: only its finished items are parsed. */
  observe(events: readonly WireEvent[]): void;
  /** Of an answer that is one document. */
  document(body: JsonObject): void;
}

/** @param done - Called before the client sees the end of a completed or incomplete answer; never for a failed one. */
export function createAnswerRecorder(done: (answer: RecordedAnswer) => void): AnswerRecorder {
  const finished: string[] = [];
  let isOver = false;

  function end(data: string): void {
    isOver = true;
    const items = outputOf(finished);
    // Nothing is said of an answer of which a part cannot be read.
    if (items === undefined) return;
    // The ChatGPT backend repeats no items at the end; others may tell of them only there.
    const responseId = items.length === 0 ? undefined : sniffResponseId(data);
    if (responseId !== undefined) done({ responseId, output: items });
    else document(field(tryParseJson(data), "response"), items);
  }

  function document(response: JsonValue | undefined, items: readonly JsonObject[]): void {
    const id = field(response, "id");
    const output = field(response, "output");
    if (typeof id !== "string" || id === "") return;
    done({ responseId: id, output: items.length === 0 && Array.isArray(output) ? output.filter(isJsonObject) : items });
  }

  return {
    observe: (events) => {
      if (isOver) return;
      for (const { type, data } of events) {
        switch (type === "" ? sniffEventType(data) : type) {
          case "response.output_item.done":
            finished.push(data);
            break;
          case "response.completed":
          case "response.incomplete":
          case "response.done":
            end(data);
            return;
        }
      }
    },
    document: (body) => document(body, []),
  };
}

function field(value: unknown, name: string): JsonValue | undefined {
  return isJsonObject(value) ? value[name] : undefined;
}

/** The items in the order of the answer, they finish in any; undefined when one cannot be read. */
function outputOf(finished: readonly string[]): JsonObject[] | undefined {
  const numbered: { readonly item: JsonObject; readonly index: number }[] = [];
  for (const [position, data] of finished.entries()) {
    const event = tryParseJson(data);
    const item = field(event, "item");
    const index = field(event, "output_index");
    if (!isJsonObject(item)) return undefined;
    numbered.push({ item, index: typeof index === "number" ? index : position });
  }
  return numbered.toSorted((left, right) => left.index - right.index).map(({ item }) => item);
}

/** As every server writes it. The rest of a last event repeats instructions and tools, which can be long. */
const leadingResponseId = /^\{"type":"response\.[a-z]+",(?:"sequence_number":\d+,)?"response":\{"id":"([^"\\]+)"/u;

function sniffResponseId(data: string): string | undefined {
  return leadingResponseId.exec(data)?.[1];
}
