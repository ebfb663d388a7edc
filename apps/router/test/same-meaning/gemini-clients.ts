import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import type { Received } from "../support/ask.ts";
import {
  answerSchema,
  type Asked,
  type Client,
  type Entry,
  eventsOf,
  objectsIn,
  pixel,
  type SeenAnswer,
  textIn,
  toolSchema,
} from "./conversation.ts";
import { objectOf } from "./messages-clients.ts";

interface GeminiHabits {
  readonly name: string;
  /** Calls and responses keep their ids. */
  readonly ids: boolean;
  /** What comes back of thoughts: all, their signatures on other parts only, or nothing. */
  readonly thoughts: "kept" | "signatures" | "dropped";
  /** The name is repeated inside the response, and its text is called `content`. */
  readonly wordyResponse: boolean;
  /** Names of tools with dots, which no other format takes. */
  readonly dots: boolean;
}

/** As captured (captures: google-genai, gemini-cli, opencode), and two that have no ids of calls. */
const habits: readonly GeminiHabits[] = [
  { name: "gemini: sdk", ids: true, thoughts: "kept", wordyResponse: false, dots: false },
  { name: "gemini: cli", ids: true, thoughts: "signatures", wordyResponse: false, dots: true },
  { name: "gemini: opencode", ids: false, thoughts: "kept", wordyResponse: true, dots: false },
  { name: "gemini: keeps little", ids: false, thoughts: "dropped", wordyResponse: false, dots: true },
];

export const geminiClients: readonly Client[] = habits.map((habit) => ({
  name: habit.name,
  wire: "gemini",
  bringsThoughts: habit.thoughts !== "dropped",
  request: (asked) => ({
    body: bodyOf(asked, habit),
    headers: asked.session === undefined ? {} : { "x-session-affinity": asked.session },
  }),
  read,
}));

function bodyOf({ history, settings, stream }: Asked, habit: GeminiHabits): JsonObject {
  const { model, instructions, effort, tools, toolChoice, wantsJson } = settings;
  const modes = {
    auto: { mode: "AUTO" },
    none: { mode: "NONE" },
    required: { mode: "ANY" },
    first: { mode: "ANY", allowedFunctionNames: [declaredName(tools[0]?.name ?? "", habit)] },
  };
  return {
    model,
    stream,
    ...(instructions !== undefined && { systemInstruction: { role: "user", parts: [{ text: instructions }] } }),
    contents: history.flatMap((entry) => contentsOf(entry, habit)),
    ...(tools.length > 0 && {
      tools: [
        {
          functionDeclarations: tools.map((tool) => ({
            ...tool,
            name: declaredName(tool.name, habit),
            parametersJsonSchema: toolSchema,
          })),
        },
      ],
      ...(toolChoice !== undefined && { toolConfig: { functionCallingConfig: modes[toolChoice] } }),
    }),
    generationConfig: {
      ...(effort !== undefined && { thinkingConfig: { includeThoughts: true, thinkingLevel: effort.toUpperCase() } }),
      ...(wantsJson && { responseMimeType: "application/json", responseJsonSchema: answerSchema }),
    },
  };
}

function declaredName(name: string, habit: GeminiHabits): string {
  return habit.dots ? name.replace("_", ".") : name;
}

function contentsOf(entry: Entry, habit: GeminiHabits): JsonObject[] {
  switch (entry.kind) {
    case "system":
      return [{ role: "user", parts: [{ text: `<note>${entry.text}</note>` }] }];
    case "user": {
      const image = { inlineData: { mimeType: pixel.mediaType, data: pixel.data } };
      return [{ role: "user", parts: [...(entry.hasImage ? [image] : []), ...entry.texts.map((text) => ({ text }))] }];
    }
    case "answer": {
      const parts = modelParts(entry.answer, habit);
      return parts.length === 0 ? [] : [{ role: "model", parts }];
    }
    case "outputs": {
      const said = entry.text === undefined ? [] : [{ text: entry.text }];
      return [{ role: "user", parts: [...responses(entry, habit), ...said] }];
    }
  }
}

/** Without ids only the order tells whose response it is, so such a client keeps it. */
function responses(entry: Entry & { kind: "outputs" }, habit: GeminiHabits): JsonObject[] {
  const given = entry.outputs.filter((output) => !output.isMissing);
  const ordered = habit.ids ? given : given.toSorted((left, right) => (left.call.callId < right.call.callId ? -1 : 1));
  return ordered.map(({ call, texts, isError }) => {
    const text = texts.join("\n");
    const name = declaredName(call.name, habit);
    const response = habit.wordyResponse ? { name, content: text } : isError ? { error: text } : { output: text };
    return { functionResponse: { ...(habit.ids && { id: call.callId }), name, response } };
  });
}

function modelParts({ wire, native, text, calls }: SeenAnswer, habit: GeminiHabits): JsonObject[] {
  if (wire === "gemini" && Array.isArray(native)) {
    return objectsIn(native).flatMap((part) => replayed(part, habit));
  }
  return [
    ...(text === "" ? [] : [{ text }]),
    ...calls.map((call) => {
      const args = call.isCustom ? { input: call.arguments } : objectOf(call.arguments);
      return { functionCall: { ...(habit.ids && { id: call.callId }), name: declaredName(call.name, habit), args } };
    }),
  ];
}

function replayed(part: JsonObject, habit: GeminiHabits): JsonObject[] {
  if (part["thought"] === true && habit.thoughts !== "kept") return [];
  const { thoughtSignature: _signature, ...unsigned } = part;
  const kept: Record<string, JsonValue | undefined> = habit.thoughts === "dropped" ? { ...unsigned } : { ...part };
  const call = kept["functionCall"];
  if (isJsonObject(call)) {
    const { id, ...rest } = call;
    const name = declaredName(textIn(rest["name"]).replace(".", "_"), habit);
    kept["functionCall"] = { ...rest, ...(habit.ids && { id }), name };
  }
  return [kept];
}

function read(received: Received): SeenAnswer {
  const chunks = received.document === undefined ? eventsOf(received) : [received.document];
  const parts: JsonObject[] = [];
  for (const chunk of chunks) {
    const [candidate] = isJsonObject(chunk) ? objectsIn(chunk["candidates"]) : [];
    const content = candidate?.["content"];
    for (const part of objectsIn(isJsonObject(content) ? content["parts"] : undefined)) add(parts, part);
  }
  return {
    wire: "gemini",
    native: parts,
    text: parts.map((part) => (part["thought"] === true ? "" : textIn(part["text"]))).join(""),
    calls: parts.flatMap(({ functionCall: call }) =>
      isJsonObject(call)
        ? [
            {
              callId: textIn(call["id"]),
              name: textIn(call["name"]).replace(".", "_"),
              arguments: JSON.stringify(call["args"] ?? {}),
              isCustom: false,
            },
          ]
        : [],
    ),
  };
}

/** A chunk of text goes on with the part before it, unless it has a signature of its own. */
function add(parts: JsonObject[], part: JsonObject): void {
  // The chunk that only tells the end has an empty text.
  if (part["text"] === "" && part["thoughtSignature"] === undefined) return;
  const last = parts.at(-1);
  const goesOn =
    typeof part["text"] === "string" &&
    part["thoughtSignature"] === undefined &&
    typeof last?.["text"] === "string" &&
    last["thought"] === part["thought"];
  if (goesOn) parts[parts.length - 1] = { ...last, text: textIn(last["text"]) + textIn(part["text"]) };
  else parts.push(part);
}
