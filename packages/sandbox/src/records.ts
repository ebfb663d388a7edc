import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import { parseJson } from "./json.ts";
import type { InputItem } from "./strict/request-schema.ts";
import type { HeaderMap } from "./strict/rule.ts";

/**
 * What came of a request:
 *
 * - `pending`: still running (also: hangs or stalls on purpose)
 * - `accepted`: a handshake that was answered with 101
 * - `completed`, `incomplete`, `failed`: an answer went out whole, with this terminal event
 * - `refused`: broke a rule of the backend, or had no good token
 * - `faulted`: a scripted fault took its place or cut it
 * - `aborted`: the client went away first
 */
export type RequestOutcome =
  | "pending"
  | "accepted"
  | "completed"
  | "incomplete"
  | "failed"
  | "refused"
  | "faulted"
  | "aborted";

/** One request that the sandbox saw. */
export interface RecordedRequest {
  readonly kind:
    | "handshake"
    | "response"
    | "compact"
    | "count-tokens"
    | "models"
    | "usage"
    | "token"
    | "login"
    | "other";
  readonly transport: "ws" | "http";
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names in lower case. Of the handshake, for a message on a socket. Holds test tokens. */
  readonly headers: HeaderMap;
  /** Parsed JSON; undefined for none, or for what is not JSON. */
  readonly body: JsonValue | undefined;
  /**
   * The whole conversation the answer was given to: for a continuation what the socket remembered and then the new
   * items. Undefined until the body was understood.
   */
  readonly input: readonly InputItem[] | undefined;
  /** The output items of the answer to a Responses request, as its terminal event has them; also when a fault cut it. */
  readonly output: readonly JsonObject[] | undefined;
  /** Numbers TCP connections from 1. */
  readonly connection: number;
  readonly accountId: string | undefined;
  readonly responseId: string | undefined;
  /** HTTP status, or the `status` of an error event; 101 for an accepted handshake. */
  readonly status: number | undefined;
  readonly outcome: RequestOutcome;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A record that is still being written. */
export type OpenRecord = Writable<Omit<RecordedRequest, "output">> & Pick<RecordedRequest, "output">;

export type NewRecord = Pick<RecordedRequest, "kind" | "transport" | "method" | "path" | "headers" | "connection"> &
  Partial<Pick<RecordedRequest, "accountId">>;

export interface Recorder {
  readonly requests: readonly RecordedRequest[];
  open(fields: NewRecord): OpenRecord;
  /** Gives a record its body. `bytes` is its size on the wire. */
  addBody(record: OpenRecord, body: JsonValue | undefined, bytes: number): void;
  /** Gives a record its output, a JSON array of items. */
  addOutput(record: OpenRecord, outputText: string): void;
}

/** Bodies of all records together; beyond it the oldest records go. */
const maximumBytes = 64 * 1024 * 1024;

/** Keeps the newest `limit` records. */
export function createRecorder(limit: number, now: () => number): Recorder {
  const requests: OpenRecord[] = [];
  const sizes = new WeakMap<OpenRecord, number>();
  const outputs = new WeakMap<OpenRecord, string>();
  let total = 0;

  function dropOldest(): void {
    const dropped = requests.shift();
    if (dropped !== undefined) total -= sizes.get(dropped) ?? 0;
  }

  function grow(record: OpenRecord, bytes: number): void {
    if (requests.lastIndexOf(record) === -1) return;
    sizes.set(record, (sizes.get(record) ?? 0) + bytes);
    total += bytes;
    while (total > maximumBytes && requests.length > 1) dropOldest();
  }

  /** Parsed for who asks: nearly nobody does, and it can be long. */
  function outputOf(record: OpenRecord): readonly JsonObject[] | undefined {
    const text = outputs.get(record);
    if (text === undefined) return undefined;
    const output = parseJson(text);
    return isJsonArray(output) ? output.filter((item) => isJsonObject(item)) : undefined;
  }

  return {
    requests,
    open(fields) {
      const record: OpenRecord = {
        accountId: undefined,
        ...fields,
        body: undefined,
        input: undefined,
        responseId: undefined,
        status: undefined,
        outcome: "pending",
        receivedAt: now(),
        get output() {
          return outputOf(record);
        },
      };
      requests.push(record);
      if (requests.length > limit) dropOldest();
      return record;
    },
    addBody(record, body, bytes) {
      record.body = body;
      grow(record, bytes);
    },
    addOutput(record, outputText) {
      outputs.set(record, outputText);
      grow(record, outputText.length);
    },
  };
}
