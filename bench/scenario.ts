import type { WireFormat } from "@turnout/core";
import { z } from "zod";

/** The answers of the benchmark. */
export const answers = {
  /** A short text: what a quick question gets. The sandbox cuts it into deltas of 16 characters. */
  short: { model: "gpt-5.4-mini", characters: 185, deltas: 12 },
  /** 300 events, each delta about as long as a token. */
  long: { model: "gpt-5.4", characters: 1_460, deltas: 292 },
} as const;

export type AnswerName = keyof typeof answers;

/** Events around the deltas: created, in_progress, item and part opened, text, part and item done, completed. */
const eventsAround = 8;

/** Events after which an open stream stands still. */
export const stallAfterEvents = 40;

export function eventsOf(name: AnswerName): number {
  return answers[name].deltas + eventsAround;
}

const sentence = "The switch moves one train at a time, and the next one waits for it. ";

export function textOf(name: AnswerName): string {
  const { characters } = answers[name];
  return sentence
    .repeat(Math.ceil(characters / sentence.length))
    .slice(0, characters)
    .trim()
    .padEnd(characters, ".");
}

/** The sandbox says what stands behind `say`; without it, its standard answer, which is the long one here. */
const prompts: Readonly<Record<AnswerName, string>> = {
  short: `Explain in a few words how a railway switch works. [[say:${textOf("short")}]]`,
  long: "Explain in detail how a railway switch works, what may go wrong with it, and how that is noticed in time.",
};

/** What a client asks for: one of the answers, or the long one with its middle said over and over. */
export type Prompt = AnswerName | RepeatedAnswer;

/** Repetitions of the deltas of the long answer, by name; only the replay knows these answers. */
export type RepeatedAnswer = "tenfold" | "small" | "huge";

export function promptOf(prompt: Prompt): string {
  return prompt === "short" || prompt === "long" ? prompts[prompt] : `${prompts.long} ${markOf(prompt)}`;
}

/** What the replay looks for in a request. */
export function markOf(answer: RepeatedAnswer): string {
  return `(${answer} answer)`;
}

export const instructions = "You are a helpful assistant.";

/** What turnout sends to the upstream for the requests below, made by hand for the ways without turnout. */
export function upstreamBody(name: AnswerName): string {
  return JSON.stringify({
    model: answers[name].model,
    instructions,
    input: [{ type: "message", role: "user", content: [{ type: "input_text", text: prompts[name] }] }],
    tools: [],
    tool_choice: "auto",
    parallel_tool_calls: true,
    reasoning: { effort: "medium", summary: "auto" },
    store: false,
    stream: true,
    include: ["reasoning.encrypted_content"],
  });
}

export function responsesBody(name: AnswerName): string {
  return JSON.stringify({ model: `codex/${answers[name].model}`, instructions, input: prompts[name], stream: true });
}

export function chatBody(name: AnswerName, stream: boolean): string {
  const messages = [
    { role: "system", content: instructions },
    { role: "user", content: prompts[name] },
  ];
  return JSON.stringify({ model: `codex/${answers[name].model}`, messages, stream });
}

const responsesEventSchema = z.object({ type: z.string(), delta: z.string().optional() });
const chatChunkSchema = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }) })),
});
const messagesEventSchema = z.object({ delta: z.object({ text: z.string().optional() }).optional() });
const geminiChunkSchema = z.object({
  candidates: z.array(z.object({ content: z.object({ parts: z.array(z.object({ text: z.string().optional() })) }) })),
});
const chatDocumentSchema = z.object({ choices: z.array(z.object({ message: z.object({ content: z.string() }) })) });

function dataLines(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("data: ") && line !== "data: [DONE]")
    .map((line) => line.slice("data: ".length));
}

/** The text in an answer, whatever the format; a benchmark of wrong answers would be worth nothing. */
export const readText = {
  responses: (body: string): string =>
    dataLines(body)
      .map((line) => responsesEventSchema.parse(JSON.parse(line)))
      .map(({ type, delta }) => (type === "response.output_text.delta" ? (delta ?? "") : ""))
      .join(""),
  chatStream: (body: string): string =>
    dataLines(body)
      .map((line) => chatChunkSchema.parse(JSON.parse(line)).choices[0]?.delta.content ?? "")
      .join(""),
  messages: (body: string): string =>
    dataLines(body)
      .map((line) => messagesEventSchema.parse(JSON.parse(line)).delta?.text ?? "")
      .join(""),
  gemini: (body: string): string =>
    dataLines(body)
      .flatMap((line) => geminiChunkSchema.parse(JSON.parse(line)).candidates[0]?.content.parts ?? [])
      .map(({ text }) => text ?? "")
      .join(""),
  chatDocument: (body: string): string => chatDocumentSchema.parse(JSON.parse(body)).choices[0]?.message.content ?? "",
};

/** The same for the streams of the four languages. */
export const readStream: Readonly<Record<WireFormat, (body: string) => string>> = {
  "openai-chat": readText.chatStream,
  "openai-responses": readText.responses,
  "anthropic-messages": readText.messages,
  gemini: readText.gemini,
};

export function countEvents(body: string): number {
  return dataLines(body).length;
}
