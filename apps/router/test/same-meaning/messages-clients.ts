import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import type { Received } from "../support/ask.ts";
import {
  answerSchema,
  type Asked,
  type Client,
  type Entry,
  eventsOf,
  objectsIn,
  parsed,
  pixel,
  type SeenAnswer,
  textIn,
  toolSchema,
} from "./conversation.ts";

interface MessagesHabits {
  readonly name: string;
  /** The system prompt as a list of blocks, or one string. */
  readonly systemBlocks: boolean;
  /** Entries with role `system` inside `messages`; else a note in the next message of the user. */
  readonly systemTurns: boolean;
  readonly parts: boolean;
  readonly thinking: "kept" | "dropped" | "without signature";
  /** A cache mark on the last block, so that it moves on with every request. */
  readonly marks: boolean;
  /** `is_error: false` on every result. */
  readonly errorFlag: boolean;
  readonly session: "metadata" | "header";
}

/** As captured (captures: claude-code, anthropic-sdk, opencode, qwen-code, ai-sdk), and two that lose thoughts. */
const habits: readonly MessagesHabits[] = [
  {
    name: "messages: claude code",
    systemBlocks: true,
    systemTurns: true,
    parts: true,
    thinking: "kept",
    marks: true,
    errorFlag: true,
    session: "metadata",
  },
  {
    name: "messages: anthropic sdk",
    systemBlocks: false,
    systemTurns: false,
    parts: false,
    thinking: "kept",
    marks: false,
    errorFlag: false,
    session: "header",
  },
  {
    name: "messages: drops thinking",
    systemBlocks: false,
    systemTurns: false,
    parts: true,
    thinking: "dropped",
    marks: false,
    errorFlag: false,
    session: "metadata",
  },
  {
    name: "messages: drops signatures",
    systemBlocks: true,
    systemTurns: true,
    parts: true,
    thinking: "without signature",
    marks: true,
    errorFlag: false,
    session: "header",
  },
];

export const messagesClients: readonly Client[] = habits.map((habit) => ({
  name: habit.name,
  wire: "anthropic-messages",
  bringsThoughts: habit.thinking === "kept",
  request: (asked) => ({
    body: bodyOf(asked, habit),
    headers: {
      "anthropic-version": "2023-06-01",
      ...(asked.session !== undefined && habit.session === "header" && { "x-session-affinity": asked.session }),
    },
  }),
  read,
}));

const cacheMark = { cache_control: { type: "ephemeral" } };
const efforts = { low: 2048, medium: 8192, high: 16_384 };

function bodyOf({ history, settings, stream, session }: Asked, habit: MessagesHabits): JsonObject {
  const { model, instructions, effort, tools, toolChoice, parallelCalls, wantsJson } = settings;
  const choices = {
    auto: { type: "auto" },
    none: { type: "none" },
    required: { type: "any" },
    first: { type: "tool", name: tools[0]?.name },
  };
  const choice = toolChoice === undefined ? (parallelCalls === false ? choices.auto : undefined) : choices[toolChoice];
  const system = habit.systemBlocks
    ? [
        { type: "text", text: "You are an agent." },
        { type: "text", text: instructions ?? "", ...cacheMark },
      ]
    : instructions;
  const userId = JSON.stringify({ device_id: "d", account_uuid: "", session_id: session });
  return {
    model,
    stream,
    max_tokens: 32_000,
    ...(instructions !== undefined && { system }),
    messages: marked(
      history.flatMap((entry) => messagesOf(entry, habit)),
      habit,
    ),
    ...(effort !== undefined && { thinking: { type: "enabled", budget_tokens: efforts[effort] } }),
    ...(tools.length > 0 && {
      tools: tools.map((tool) => ({ ...tool, input_schema: toolSchema })),
      ...(choice !== undefined && {
        tool_choice: { ...choice, ...(parallelCalls === false && { disable_parallel_tool_use: true }) },
      }),
    }),
    ...(wantsJson && { output_config: { format: { type: "json_schema", schema: answerSchema } } }),
    ...(session !== undefined && habit.session === "metadata" && { metadata: { user_id: userId } }),
  };
}

/** The last block of the last message carries the mark. */
function marked(messages: readonly JsonObject[], habit: MessagesHabits): JsonObject[] {
  const last = messages.at(-1);
  const content = last?.["content"];
  if (!habit.marks || last === undefined || !isJsonArray(content)) return [...messages];
  const blocks = content.map((block, index) =>
    index === content.length - 1 && isJsonObject(block) ? { ...block, ...cacheMark } : block,
  );
  return [...messages.slice(0, -1), { ...last, content: blocks }];
}

function textBlocks(texts: readonly string[]): JsonObject[] {
  return texts.map((text) => ({ type: "text", text }));
}

const image = { type: "image", source: { type: "base64", media_type: pixel.mediaType, data: pixel.data } };

function messagesOf(entry: Entry, habit: MessagesHabits): JsonObject[] {
  switch (entry.kind) {
    case "system":
      return habit.systemTurns
        ? [{ role: "system", content: entry.text }]
        : [{ role: "user", content: [{ type: "text", text: `<note>${entry.text}</note>` }] }];
    case "user": {
      const isPlain = !habit.parts && !entry.hasImage && entry.texts.length === 1;
      const content = isPlain ? entry.texts.join("") : [...(entry.hasImage ? [image] : []), ...textBlocks(entry.texts)];
      return [{ role: "user", content }];
    }
    case "answer": {
      const content = assistantBlocks(entry.answer, habit);
      return content.length === 0 ? [] : [{ role: "assistant", content }];
    }
    case "outputs": {
      const results = entry.outputs
        .filter((output) => !output.isMissing)
        .map(({ call, texts, hasImage, isError }) => ({
          type: "tool_result",
          tool_use_id: call.callId,
          content: texts.length > 1 || hasImage ? [...textBlocks(texts), ...(hasImage ? [image] : [])] : texts.join(""),
          ...((habit.errorFlag || isError) && { is_error: isError }),
        }));
      const said = entry.text === undefined ? [] : textBlocks([entry.text]);
      return [{ role: "user", content: [...results, ...said] }];
    }
  }
}

function assistantBlocks({ wire, native, text, calls }: SeenAnswer, habit: MessagesHabits): JsonObject[] {
  if (wire === "anthropic-messages" && Array.isArray(native)) {
    return objectsIn(native).flatMap((block) => {
      if (block["type"] !== "thinking" && block["type"] !== "redacted_thinking") return [block];
      if (habit.thinking === "kept") return [block];
      const { signature: _signature, ...rest } = block;
      return habit.thinking === "dropped" || block["type"] === "redacted_thinking" ? [] : [{ ...rest, signature: "" }];
    });
  }
  return [
    ...(text === "" ? [] : textBlocks([text])),
    ...calls.map((call) => ({
      type: "tool_use",
      id: call.callId,
      name: call.name,
      input: call.isCustom ? { input: call.arguments } : objectOf(call.arguments),
    })),
  ];
}

/** Arguments as the value that programs of this format keep. */
export function objectOf(args: string): JsonObject {
  try {
    const value: unknown = JSON.parse(args);
    return isJsonObject(value) ? value : { input: args };
  } catch {
    return { input: args };
  }
}

function read(received: Received): SeenAnswer {
  const blocks =
    received.document === undefined
      ? collect(eventsOf(received))
      : objectsIn(isJsonObject(received.document) ? received.document["content"] : undefined);
  return {
    wire: "anthropic-messages",
    native: blocks,
    text: blocks.map((block) => (block["type"] === "text" ? textIn(block["text"]) : "")).join(""),
    calls: blocks
      .filter((block) => block["type"] === "tool_use")
      .map((block) => ({
        callId: textIn(block["id"]),
        name: textIn(block["name"]),
        arguments: JSON.stringify(block["input"] ?? {}),
        isCustom: false,
      })),
  };
}

/** Joins the events of a stream as the SDK does. */
function collect(events: readonly JsonObject[]): JsonObject[] {
  const blocks: Record<string, JsonValue | undefined>[] = [];
  const inputs = new Map<number, string>();
  for (const event of events) {
    const { type, index, content_block: opened, delta } = event;
    if (typeof index !== "number") continue;
    if (type === "content_block_start" && isJsonObject(opened)) blocks[index] = { ...opened };
    const block = blocks[index];
    if (type !== "content_block_delta" || !isJsonObject(delta) || block === undefined) continue;
    if (delta["type"] === "input_json_delta") {
      inputs.set(index, (inputs.get(index) ?? "") + textIn(delta["partial_json"]));
      continue;
    }
    for (const field of ["text", "thinking", "signature"]) {
      if (typeof delta[field] === "string") block[field] = textIn(block[field]) + delta[field];
    }
  }
  return blocks.map((block, index) => {
    const input = inputs.get(index);
    return input === undefined || input === "" ? block : { ...block, input: parsed(input) };
  });
}
