import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import type { Received } from "../support/ask.ts";
import { rewritten } from "./chat-clients.ts";
import {
  abortedOutput,
  answerSchema,
  type Asked,
  type Client,
  type Entry,
  eventsOf,
  objectsIn,
  patchTool,
  pixel,
  type SeenAnswer,
  textIn,
  toolSchema,
} from "./conversation.ts";

export interface ResponsesHabits {
  readonly name: string;
  /** Where the system prompt goes: `instructions`, or a message at the head with this role. */
  readonly system: "instructions" | "developer" | "system";
  /** How an item of an answer comes back; undefined leaves it out. */
  readonly replay: (item: JsonObject) => JsonObject | undefined;
  /** Own messages: with a type, and with content as parts. */
  readonly typed: boolean;
  readonly parts: boolean;
  /** Puts ids of its own on its items. */
  readonly ids: boolean;
  /** Fields of every body. */
  readonly fixed: JsonObject;
  readonly session: "session-id" | "session_id" | "body" | "x-session-id";
}

const encrypted = { store: false, include: ["reasoning.encrypted_content"] };

function withoutId({ id: _id, ...item }: JsonObject): JsonObject {
  return item;
}

function textOfParts(content: JsonValue | undefined): string {
  return objectsIn(content)
    .map((part) => textIn(part["text"]))
    .join("");
}

/** As captured (captures: openai-sdk, codex, opencode, pi, langchain, openai-agents), and one that keeps as little as it can. */
export const responsesHabits: readonly ResponsesHabits[] = [
  {
    name: "responses: openai sdk",
    system: "instructions",
    replay: (item) => item,
    typed: false,
    parts: false,
    ids: false,
    fixed: encrypted,
    session: "body",
  },
  {
    name: "responses: codex",
    system: "developer",
    // The CLI keeps a struct of each item, in which a thought has `content`.
    replay: (item) => (item["type"] === "reasoning" ? { ...item, content: null } : item),
    typed: true,
    parts: true,
    ids: true,
    fixed: { ...encrypted, text: { verbosity: "low" } },
    session: "session-id",
  },
  {
    name: "responses: opencode",
    system: "developer",
    replay: (item) => {
      const { status: _status, type, ...rest } = withoutId(item);
      return type === "message"
        ? { role: "assistant", content: [{ type: "output_text", text: textOfParts(rest["content"]) }] }
        : { type, ...rest };
    },
    typed: false,
    parts: true,
    ids: false,
    fixed: encrypted,
    session: "x-session-id",
  },
  {
    name: "responses: pi",
    system: "developer",
    replay: ({ status, logprobs: _logprobs, ...item }) => (item["type"] === "message" ? { ...item, status } : item),
    typed: false,
    parts: true,
    ids: false,
    fixed: encrypted,
    session: "session_id",
  },
  {
    name: "responses: langchain",
    system: "system",
    replay: (item) => item,
    typed: true,
    parts: false,
    ids: false,
    fixed: { store: false, text: {} },
    session: "body",
  },
  {
    name: "responses: keeps little",
    system: "instructions",
    replay: (item) => {
      const { status: _status, type, ...rest } = withoutId(item);
      if (type === "reasoning") return undefined;
      const args = rest["arguments"];
      if (type !== "message") return { type, ...rest, ...(typeof args === "string" && { arguments: rewritten(args) }) };
      return isRefusal(rest["content"])
        ? { role: "assistant", content: rest["content"] }
        : { role: "assistant", content: textOfParts(rest["content"]) };
    },
    typed: false,
    parts: false,
    ids: false,
    fixed: { store: false },
    session: "body",
  },
];

function isRefusal(content: JsonValue | undefined): boolean {
  return objectsIn(content).some((part) => part["type"] === "refusal");
}

export const responsesClients: readonly Client[] = responsesHabits.map((habit) => createResponsesClient(habit));

export function createResponsesClient(habit: ResponsesHabits): Client {
  return {
    name: habit.name,
    wire: "openai-responses",
    bringsThoughts: habit.replay({ type: "reasoning" }) !== undefined,
    request: (asked) => ({ body: bodyOf(asked, habit), headers: headersOf(asked, habit) }),
    read: readResponses,
  };
}

function headersOf({ session }: Asked, habit: ResponsesHabits): Record<string, string> {
  if (session === undefined || habit.session === "body") return {};
  return { [habit.session]: session };
}

function bodyOf({ history, settings, stream, session }: Asked, habit: ResponsesHabits): JsonObject {
  const { model, instructions, effort, tools, toolChoice, parallelCalls, wantsJson } = settings;
  const isMessage = instructions !== undefined && habit.system !== "instructions";
  const system: Entry[] = isMessage ? [{ kind: "system", text: instructions }] : [];
  const choice = toolChoice === "first" ? { type: "function", name: tools[0]?.name } : toolChoice;
  const text = { ...(isJsonObject(habit.fixed["text"]) ? habit.fixed["text"] : {}) };
  const format = { type: "json_schema", name: "reply", schema: answerSchema, strict: true };
  return {
    model,
    stream,
    ...habit.fixed,
    ...(!isMessage && instructions !== undefined && { instructions }),
    input: [...system, ...history].flatMap((entry, index) => itemsOf(entry, index, habit)),
    ...(effort !== undefined && { reasoning: { effort, summary: "auto" } }),
    ...(tools.length > 0 && {
      tools: [
        ...tools.map((tool) => ({ type: "function", ...tool, parameters: toolSchema, strict: false })),
        ...(settings.hasPatchTool ? [{ type: "custom", ...patchTool }] : []),
      ],
      ...(choice !== undefined && { tool_choice: choice }),
      ...(parallelCalls !== undefined && { parallel_tool_calls: parallelCalls }),
    }),
    ...(wantsJson ? { text: { ...text, format } } : habit.fixed["text"] === undefined ? {} : { text }),
    ...(session !== undefined && habit.session !== "session_id" && { prompt_cache_key: session }),
  };
}

/** An id as the Codex CLI makes it: of the item's text, so that it stays the same from request to request. */
function ownId(prefix: string, seed: string): string {
  let hash = 7;
  for (const character of seed) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return `${prefix}_${hash.toString(16)}${seed.length.toString(16)}`;
}

function message(role: string, content: JsonValue, seed: string, habit: ResponsesHabits): JsonObject {
  const id = habit.ids ? { id: ownId("msg", seed) } : {};
  return { ...(habit.typed && { type: "message" }), ...id, role, content };
}

const image = {
  type: "input_image",
  image_url: `data:${pixel.mediaType};base64,${pixel.data}`,
  detail: "auto",
};

function itemsOf(entry: Entry, index: number, habit: ResponsesHabits): JsonObject[] {
  const inputTexts = (texts: readonly string[]) => texts.map((text) => ({ type: "input_text", text }));
  switch (entry.kind) {
    case "system": {
      const role = habit.system === "system" ? "system" : "developer";
      const content = habit.parts ? inputTexts([entry.text]) : entry.text;
      return [message(role, content, `${index} ${entry.text}`, habit)];
    }
    case "user": {
      const isPlain = !habit.parts && !entry.hasImage && entry.texts.length === 1;
      const parts = [...(entry.hasImage ? [image] : []), ...inputTexts(entry.texts)];
      return [message("user", isPlain ? entry.texts.join("") : parts, `${index} ${entry.texts.join()}`, habit)];
    }
    case "answer":
      return answerItems(entry.answer, habit);
    case "outputs":
      return [
        ...entry.outputs.map(({ call, texts, isMissing, hasImage }) => ({
          type: call.isCustom ? "custom_tool_call_output" : "function_call_output",
          ...(habit.ids && { id: ownId(call.isCustom ? "ctco" : "fco", call.callId) }),
          call_id: call.callId,
          output: isMissing
            ? abortedOutput
            : texts.length > 1 || hasImage
              ? [...inputTexts(texts), ...(hasImage ? [image] : [])]
              : texts.join(""),
        })),
        ...(entry.text === undefined
          ? []
          : itemsOf({ kind: "user", texts: [entry.text], hasImage: false }, index, habit)),
      ];
  }
}

function answerItems({ wire, native, text, calls }: SeenAnswer, habit: ResponsesHabits): JsonObject[] {
  if (wire === "openai-responses" && Array.isArray(native)) {
    return objectsIn(native)
      .map(habit.replay)
      .filter((item) => item !== undefined);
  }
  const texts = text === "" ? [] : [{ type: "message", role: "assistant", content: [{ type: "output_text", text }] }];
  return [
    ...texts,
    ...calls.map((call) => {
      const called = { call_id: call.callId, name: call.name };
      return call.isCustom
        ? { type: "custom_tool_call", ...called, input: call.arguments }
        : { type: "function_call", ...called, arguments: call.arguments };
    }),
  ];
}

function readResponses(received: Received): SeenAnswer {
  const output =
    received.document === undefined
      ? eventsOf(received)
          .filter((event) => event["type"] === "response.output_item.done")
          .map((event) => (isJsonObject(event["item"]) ? event["item"] : {}))
      : objectsIn(isJsonObject(received.document) ? received.document["output"] : undefined);
  return answerOfItems(output);
}

function answerOfItems(output: readonly JsonObject[]): SeenAnswer {
  return {
    wire: "openai-responses",
    native: output,
    text: output.map((item) => (item["type"] === "message" ? textOfParts(item["content"]) : "")).join(""),
    calls: output
      .filter((item) => item["type"] === "function_call" || item["type"] === "custom_tool_call")
      .map((item) => ({
        callId: textIn(item["call_id"]),
        name: textIn(item["name"]),
        arguments: textIn(item["arguments"] ?? item["input"]),
        isCustom: item["type"] === "custom_tool_call",
      })),
  };
}
