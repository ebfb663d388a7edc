import type { JsonObject } from "@turnout/core";
import type { ClientWire, Received } from "../support/ask.ts";

/** A call of a tool as its client sees it. */
export interface SeenCall {
  readonly callId: string;
  readonly name: string;
  /** JSON text as it came, or as the client wrote it again; free text of a custom tool. */
  readonly arguments: string;
  readonly isCustom: boolean;
}

/** An answer as a client received it. */
export interface SeenAnswer {
  readonly wire: ClientWire;
  /** In the format of `wire`, for clients that keep it: a chat message, output items, content blocks, or parts. */
  readonly native: JsonObject | readonly JsonObject[];
  readonly text: string;
  readonly calls: readonly SeenCall[];
}

export interface ToolOutput {
  readonly call: SeenCall;
  /** One text, or several parts where the format has parts. */
  readonly texts: readonly string[];
  /** The client never ran it. */
  readonly isMissing: boolean;
  /** A picture beside the texts, and a mark of failure, where the format has them. */
  readonly hasImage: boolean;
  readonly isError: boolean;
}

/** One step of a conversation, in no format. */
export type Entry =
  | { readonly kind: "user"; readonly texts: readonly string[]; readonly hasImage: boolean }
  | { readonly kind: "system"; readonly text: string }
  | { readonly kind: "answer"; readonly answer: SeenAnswer }
  /** In the order in which the client sends them; `text` is what the user said meanwhile. */
  | { readonly kind: "outputs"; readonly outputs: readonly ToolOutput[]; readonly text: string | undefined };

export interface ToolDeclaration {
  readonly name: string;
  readonly description: string;
}

/** What a request says beside its conversation. */
export interface Settings {
  readonly model: string;
  readonly instructions: string | undefined;
  readonly effort: "low" | "medium" | "high" | undefined;
  readonly tools: readonly ToolDeclaration[];
  /** A tool of free text beside them, where the format has such tools. */
  readonly hasPatchTool: boolean;
  readonly toolChoice: "auto" | "none" | "required" | "first" | undefined;
  readonly parallelCalls: boolean | undefined;
  readonly wantsJson: boolean;
}

/** A request in no format. */
export interface Asked {
  readonly history: readonly Entry[];
  readonly settings: Settings;
  readonly stream: boolean;
  /** What the client calls the conversation, if it says so. */
  readonly session: string | undefined;
}

export interface ClientRequest {
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a program keeps between the requests of one conversation. */
export interface Line {
  /** The connection itself is a name for the conversation, where the client gives none. */
  readonly isName: boolean;
  /** Sends the request in its own way, which may be less than the whole of it. */
  send(url: string, asked: Asked, whole: ClientRequest): Promise<Received>;
  /** Takes the answer to what was sent last. */
  remember(asked: Asked, answer: SeenAnswer, received: Received): void;
  close(): void;
}

/** A program that speaks one format, and replays history as programs of that kind do. */
export interface Client {
  readonly name: string;
  readonly wire: ClientWire;
  /** Encrypted reasoning comes back with the history. */
  readonly bringsThoughts: boolean;
  /** The request with all of its history. */
  request(asked: Asked): ClientRequest;
  /** Default: whole requests over HTTP. */
  openLine?(): Line;
  /** @throws when the answer cannot be read. */
  read(received: Received): SeenAnswer;
}

/** A picture of one pixel. */
export const pixel = {
  mediaType: "image/png",
  data: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
};

export const patchTool = { name: "apply_patch", description: "Changes files." };

export const toolSchema = {
  type: "object",
  properties: { command: { type: "string" }, count: { type: "number" } },
  required: ["command"],
};

export const answerSchema = {
  type: "object",
  properties: { answer: { type: "string" } },
  required: ["answer"],
  additionalProperties: false,
};

/** What a call sends back when it was never run, in formats that want one output for each call. */
export const abortedOutput = "aborted";

/** A list of JSON objects inside something received. */
export function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "object" && entry !== null) : [];
}

export function textIn(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function parsed(text: string): JsonObject {
  const value: JsonObject = JSON.parse(text);
  return value;
}

/** The document of an answer that is no stream, or the events of one that is. */
export function eventsOf(received: Received): JsonObject[] {
  return received.events.filter((data) => data !== "[DONE]").map(parsed);
}
