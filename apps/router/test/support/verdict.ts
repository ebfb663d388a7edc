import { z } from "zod";
import type { ClientWire, Received } from "./ask.ts";
import { lie, type Verdict } from "./verdict-kinds.ts";
import { geminiDocument, geminiStream } from "./verdict-of-gemini.ts";
import { messagesDocument, messagesStream } from "./verdict-of-messages.ts";

export type { Verdict } from "./verdict-kinds.ts";

const errorSchema = z.object({
  error: z.object({
    message: z.string().min(1),
    type: z.string(),
    code: z.string().nullable(),
    param: z.string().nullable(),
  }),
});

const chatDocument = z.object({
  id: z.string(),
  object: z.literal("chat.completion"),
  choices: z.tuple([z.object({ finish_reason: z.string(), message: z.object({ content: z.string().nullable() }) })]),
});

const chatChunk = z.object({
  id: z.string(),
  object: z.literal("chat.completion.chunk"),
  choices: z.array(
    z.object({
      delta: z.object({ role: z.string().optional(), content: z.string().nullish() }),
      finish_reason: z.string().nullish(),
    }),
  ),
});

const responseObject = z.object({
  id: z.string(),
  status: z.enum(["completed", "incomplete", "failed"]),
  error: z.object({ code: z.string().nullish(), message: z.string() }).nullish(),
  output: z.array(
    z.looseObject({ type: z.string(), content: z.array(z.looseObject({ text: z.string().optional() })).optional() }),
  ),
});

const responsesEvent = z.looseObject({
  type: z.string(),
  sequence_number: z.int().optional(),
  delta: z.unknown().optional(),
  response: z.unknown().optional(),
});

export function verdict(wire: ClientWire, received: Received): Verdict {
  if (received.broken) return lie("the connection broke");
  if (received.status !== 200) return failedDocument(wire, received);
  if (received.document !== undefined) return wholeAnswer(wire, received.document);
  return readStream[wire](received.events);
}

const readStream: Readonly<Record<ClientWire, (events: readonly string[]) => Verdict>> = {
  "openai-chat": chatStream,
  "openai-responses": responsesStream,
  "anthropic-messages": messagesStream,
  gemini: geminiStream,
};

const anthropicError = z.object({
  type: z.literal("error"),
  error: z.object({ type: z.string(), message: z.string().min(1) }),
  request_id: z.string().startsWith("req_"),
});
const geminiError = z.object({ error: z.object({ code: z.int(), status: z.string(), message: z.string().min(1) }) });

function failedDocument(wire: ClientWire, received: Received): Verdict {
  const { status, document } = received;
  if (status < 400) return lie(`status ${status}`);
  const code = errorCode(wire, document);
  return code === undefined ? lie(`no error document: ${JSON.stringify(document)}`) : { kind: "failed", status, code };
}

/** Undefined when the document is no error of the format. */
function errorCode(wire: ClientWire, document: unknown): string | null | undefined {
  if (wire === "anthropic-messages") return anthropicError.safeParse(document).data?.error.type;
  if (wire === "gemini") return geminiError.safeParse(document).data?.error.status;
  return errorSchema.safeParse(document).data?.error.code;
}

function wholeAnswer(wire: ClientWire, document: unknown): Verdict {
  if (wire === "anthropic-messages") return messagesDocument(document);
  if (wire === "gemini") return geminiDocument(document);
  if (wire === "openai-chat") {
    const [choice] = chatDocument.parse(document).choices;
    return { kind: "answered", text: choice.message.content ?? "" };
  }
  const response = responseObject.parse(document);
  if (response.status === "failed") return lie("a failed response with status 200");
  return { kind: "answered", text: textOf(response) };
}

function textOf(response: z.output<typeof responseObject>): string {
  return response.output.flatMap((item) => (item.content ?? []).map((part) => part.text ?? "")).join("");
}

function chatStream(events: readonly string[]): Verdict {
  if (events.length === 0) return lie("an empty stream");
  const dones = events.filter((data) => data === "[DONE]").length;
  const errors = events.filter((data) => data.startsWith('{"error"'));
  const chunks = events.filter((data) => data !== "[DONE]" && !data.startsWith('{"error"'));
  // What an upstream of the same format adds passes untouched; clients look for `choices`.
  const parsed = chunks.filter((data) => data.includes('"choices"')).map((data) => chatChunk.parse(JSON.parse(data)));
  const finishes = parsed.flatMap((chunk) => chunk.choices.filter((choice) => choice.finish_reason != null));
  const roles = parsed.flatMap((chunk) => chunk.choices.filter((choice) => choice.delta.role !== undefined));
  if (errors.length > 0) {
    if (errors.length > 1 || dones > 0 || finishes.length > 0) return lie("an error and an end");
    if (!events.at(-1)?.startsWith('{"error"')) return lie("something after the error");
    return { kind: "failed", status: 200, code: errorSchema.parse(JSON.parse(errors[0] ?? "")).error.code };
  }
  if (dones !== 1 || events.at(-1) !== "[DONE]") return lie(`${dones} [DONE]`);
  if (finishes.length !== 1) return lie(`${finishes.length} finish reasons`);
  if (roles.length !== 1) return lie(`${roles.length} roles`);
  return { kind: "answered", text: parsed.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("") };
}

const terminalTypes = new Set(["response.completed", "response.incomplete", "response.failed", "error"]);

function responsesStream(events: readonly string[]): Verdict {
  if (events.length === 0) return lie("an empty stream");
  const parsed = events.map((data) => responsesEvent.parse(JSON.parse(data)));
  const terminals = parsed.filter((event) => terminalTypes.has(event.type));
  const last = parsed.at(-1);
  if (terminals.length !== 1 || last !== terminals[0]) {
    return lie(`terminal events: ${terminals.map((event) => event.type).join(", ") || "none"}; last: ${last?.type}`);
  }
  const created = parsed.filter((event) => event.type === "response.created").length;
  const response = responseObject.safeParse(last?.response);
  if (last?.type === "response.failed") {
    if (created > 1) return lie(`${created} starts`);
    return { kind: "failed", status: 200, code: response.data?.error?.code ?? null };
  }
  if (last?.type === "error") return lie("a bare error event, which Codex ignores");
  if (created !== 1) return lie(`${created} starts`);
  if (!response.success) return lie(`terminal response: ${response.error.message}`);
  const deltas = parsed.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta);
  return { kind: "answered", text: deltas.join("") };
}
