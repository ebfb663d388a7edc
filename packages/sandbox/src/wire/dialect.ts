import type { JsonObject, JsonValue } from "@turnout/core";
import type { Caller } from "../accounts.ts";
import type { Conversation } from "../script/conversation.ts";
import type { ParsedAnswer } from "../script/schema.ts";
import type { Frame, RenderedAnswer } from "./rendered-answer.ts";

/** Details of a scripted error, in OpenAI's words: `type`, `code`, `message`, `param`, … */
export type ErrorFields = Readonly<Record<string, JsonValue | undefined>>;

/** How the events of an answer become bytes. */
export interface Framing {
  readonly contentType: string;
  /** `index` counts the frames of the answer from 0. */
  text(name: string, data: string, index: number): string;
  /** What ends a body that ends well. */
  readonly end: string;
}

/** How a language tells that something went wrong. */
export interface ErrorVoice {
  /** A status of the fault language as this language has it: Anthropic's 503 is 529. */
  status(status: number): number;
  body(status: number, error: ErrorFields, requestId: string): JsonValue;
  /** An error inside a stream. */
  frame(status: number, error: ErrorFields): Frame;
  /** An account that has asked too much. */
  rateLimit(
    seconds: number,
    model: string,
  ): { readonly error: ErrorFields; readonly headers: Readonly<Record<string, string>> };
}

/** Frames that no good server sends. */
export interface Oddities {
  /** A text delta whose fields have the wrong types. */
  readonly wrongType: JsonValue;
  /** The name of a text delta's frame. */
  readonly deltaName: string;
  readonly unknown: Frame;
  /** A delta that comes after the end. */
  readonly late: Frame;
}

/** A tool that the request insists on. */
export interface ForcedTool {
  readonly name: string;
  readonly parameters: JsonValue | undefined;
}

/** A request that keeps every rule of its language. */
export interface AcceptedCall {
  readonly body: JsonValue;
  readonly caller: Caller;
  readonly model: string;
  readonly conversation: Conversation;
  /** The built-in answer calls it, once. */
  readonly forcedTool: ForcedTool | undefined;
  readonly stream: boolean;
  readonly framing: Framing;
  readonly errors: ErrorVoice;
  readonly oddities: Oddities;
  /** The same text means: `render` gives the same for the same script. */
  readonly variant: string;
  render(answer: ParsedAnswer): RenderedAnswer;
  readonly inputTokens: number;
  readonly requestId: string;
  /** Headers of a good answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Called with the answer as a document, for what the language remembers. */
  remember?(document: JsonObject): void;
}

const eventStream = "text/event-stream; charset=utf-8";

/** SSE with or without `event:` lines. */
export function sseFraming(options: { readonly named: boolean; readonly lineEnd?: "\n" | "\r\n" }): Framing {
  const { named, lineEnd = "\n" } = options;
  return {
    contentType: eventStream,
    end: "",
    text(name, data) {
      if (name === "comment") return `: ${data}${lineEnd}${lineEnd}`;
      const head = named && name !== "" ? `event: ${name}${lineEnd}` : "";
      return `${head}data: ${data}${lineEnd}${lineEnd}`;
    },
  };
}

/** One JSON document. */
export const documentFraming: Framing = { contentType: "application/json", end: "", text: (_name, data) => data };
