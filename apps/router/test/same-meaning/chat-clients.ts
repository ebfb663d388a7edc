import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import type { Received } from "../support/ask.ts";
import {
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

interface ChatHabits {
  readonly name: string;
  readonly systemRole: "system" | "developer";
  /** User content and tool results as lists of parts. */
  readonly parts: boolean;
  /** Content of a message that only calls. */
  readonly besideCalls: "" | null;
  /** Fields of reasoning that come back. */
  readonly reasoning: readonly ("reasoning_content" | "reasoning_details")[];
  /** Arguments are parsed and written again. */
  readonly rewrites: boolean;
  /** Fields the SDK adds to a message. */
  readonly extras: boolean;
}

/** As captured (captures: openai-sdk, pi, qwen-code, ai-sdk, langchain, opencode), and one that keeps all reasoning. */
const habits: readonly ChatHabits[] = [
  {
    name: "chat: openai sdk",
    systemRole: "system",
    parts: false,
    besideCalls: "",
    reasoning: [],
    rewrites: false,
    extras: true,
  },
  {
    name: "chat: pi",
    systemRole: "developer",
    parts: true,
    besideCalls: null,
    reasoning: ["reasoning_content"],
    rewrites: false,
    extras: false,
  },
  {
    name: "chat: ai sdk",
    systemRole: "system",
    parts: false,
    besideCalls: null,
    reasoning: [],
    rewrites: true,
    extras: false,
  },
  {
    name: "chat: keeps details",
    systemRole: "system",
    parts: true,
    besideCalls: "",
    reasoning: ["reasoning_content", "reasoning_details"],
    rewrites: false,
    extras: false,
  },
];

export const chatClients: readonly Client[] = habits.map((habit) => ({
  name: habit.name,
  wire: "openai-chat",
  bringsThoughts: habit.reasoning.includes("reasoning_details"),
  request: (asked) => ({
    body: bodyOf(asked, habit),
    headers: asked.session === undefined ? {} : { "x-session-affinity": asked.session, "x-session-id": asked.session },
  }),
  read,
}));

function bodyOf({ history, settings, stream }: Asked, habit: ChatHabits): JsonObject {
  const { model, instructions, effort, tools, toolChoice, parallelCalls, wantsJson } = settings;
  const system = instructions === undefined ? [] : [{ role: habit.systemRole, content: instructions }];
  const choice = toolChoice === "first" ? { type: "function", function: { name: tools[0]?.name } } : toolChoice;
  return {
    model,
    stream,
    ...(stream && { stream_options: { include_usage: true } }),
    messages: [...system, ...history.flatMap((entry) => messagesOf(entry, habit))],
    ...(effort !== undefined && { reasoning_effort: effort }),
    ...(tools.length > 0 && {
      tools: [
        ...tools.map((tool) => ({ type: "function", function: { ...tool, parameters: toolSchema } })),
        ...(settings.hasPatchTool ? [{ type: "custom", custom: patchTool }] : []),
      ],
      ...(choice !== undefined && { tool_choice: choice }),
      ...(parallelCalls !== undefined && { parallel_tool_calls: parallelCalls }),
    }),
    ...(wantsJson && {
      response_format: { type: "json_schema", json_schema: { name: "reply", schema: answerSchema, strict: true } },
    }),
  };
}

function textParts(texts: readonly string[]): JsonObject[] {
  return texts.map((text) => ({ type: "text", text }));
}

function messagesOf(entry: Entry, habit: ChatHabits): JsonObject[] {
  switch (entry.kind) {
    case "system":
      return [{ role: habit.systemRole, content: entry.text }];
    case "user": {
      const image = { type: "image_url", image_url: { url: `data:${pixel.mediaType};base64,${pixel.data}` } };
      const isPlain = !habit.parts && !entry.hasImage && entry.texts.length === 1;
      const content = isPlain ? entry.texts.join("") : [...(entry.hasImage ? [image] : []), ...textParts(entry.texts)];
      return [{ role: "user", content }];
    }
    case "answer":
      return [assistantMessage(entry.answer, habit)];
    case "outputs":
      return [
        ...entry.outputs
          .filter((output) => !output.isMissing)
          .map(({ call, texts }) => ({
            role: "tool",
            tool_call_id: call.callId,
            content: habit.parts || texts.length > 1 ? textParts(texts) : texts.join(""),
          })),
        ...(entry.text === undefined ? [] : [{ role: "user", content: entry.text }]),
      ];
  }
}

function assistantMessage({ wire, native, text, calls }: SeenAnswer, habit: ChatHabits): JsonObject {
  const own = wire === "openai-chat" && isJsonObject(native) ? native : {};
  const toolCalls = calls.map((call) => {
    const args = habit.rewrites ? rewritten(call.arguments) : call.arguments;
    if (call.isCustom) return { id: call.callId, type: "custom", custom: { name: call.name, input: call.arguments } };
    const extra = habit.extras ? { parsed_arguments: null } : {};
    return { id: call.callId, type: "function", function: { ...extra, name: call.name, arguments: args } };
  });
  const refusal = textIn(own["refusal"]);
  const message: Record<string, JsonValue | undefined> = {
    role: "assistant",
    content: text === "" && (calls.length > 0 || refusal !== "") ? habit.besideCalls : text,
  };
  if (habit.extras || refusal !== "") message["refusal"] = refusal === "" ? null : refusal;
  if (habit.extras) message["parsed"] = null;
  for (const field of habit.reasoning) if (own[field] !== undefined) message[field] = own[field];
  if (toolCalls.length > 0) message["tool_calls"] = toolCalls;
  return message;
}

/** As a program writes arguments that it keeps as a value. */
export function rewritten(args: string): string {
  try {
    return JSON.stringify(JSON.parse(args));
  } catch {
    return args;
  }
}

function read(received: Received): SeenAnswer {
  const message = received.document === undefined ? collect(eventsOf(received)) : messageIn(received.document);
  return {
    wire: "openai-chat",
    native: message,
    text: textIn(message["content"]),
    calls: objectsIn(message["tool_calls"]).map((call) => {
      const isCustom = call["type"] === "custom";
      const called = call[isCustom ? "custom" : "function"];
      const { name, arguments: args, input } = isJsonObject(called) ? called : {};
      return { callId: textIn(call["id"]), name: textIn(name), arguments: textIn(args ?? input), isCustom };
    }),
  };
}

function messageIn(document: unknown): JsonObject {
  const [choice] = isJsonObject(document) ? objectsIn(document["choices"]) : [];
  const message = choice?.["message"];
  if (!isJsonObject(message)) throw new Error(`No message in ${JSON.stringify(document)}`);
  return message;
}

/** Joins the chunks of a stream as SDKs do. */
function collect(chunks: readonly JsonObject[]): JsonObject {
  const message: Record<string, JsonValue | undefined> = { role: "assistant", content: null };
  const calls: { id: string; type: string; name: string; text: string }[] = [];
  const details: JsonObject[] = [];
  for (const chunk of chunks) {
    const [choice] = objectsIn(chunk["choices"]);
    const delta = choice?.["delta"];
    if (!isJsonObject(delta)) continue;
    for (const field of ["content", "refusal", "reasoning_content"]) {
      if (typeof delta[field] === "string") message[field] = textIn(message[field]) + delta[field];
    }
    details.push(...objectsIn(delta["reasoning_details"]));
    for (const piece of objectsIn(delta["tool_calls"])) {
      const index = typeof piece["index"] === "number" ? piece["index"] : calls.length;
      const call = (calls[index] ??= { id: "", type: "function", name: "", text: "" });
      call.id += textIn(piece["id"]);
      if (piece["type"] === "custom") call.type = "custom";
      const called = piece[call.type];
      const { name, arguments: args, input } = isJsonObject(called) ? called : {};
      call.name += textIn(name);
      call.text += textIn(args ?? input);
    }
  }
  if (details.length > 0) message["reasoning_details"] = details;
  if (calls.length > 0) {
    message["tool_calls"] = calls.map(({ id, type, name, text }) =>
      type === "custom"
        ? { id, type, custom: { name, input: text } }
        : { id, type, function: { name, arguments: text } },
    );
  }
  return message;
}
