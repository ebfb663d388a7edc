import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** An upstream that takes anything in any of the four formats, remembers it, and answers a few words in that format. */
export interface AgreeableUpstream {
  readonly url: string;
  /** Bodies in the order they came. */
  readonly received: Record<string, unknown>[];
}

const responsesAnswer = {
  id: "resp_1",
  object: "response",
  status: "completed",
  model: "m",
  output: [
    {
      id: "msg_1",
      type: "message",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: "Fine", annotations: [] }],
    },
  ],
  usage: {
    input_tokens: 1,
    output_tokens: 1,
    total_tokens: 2,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  },
};
const chatAnswer = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "Fine", refusal: null }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};
const messagesAnswer = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [{ type: "text", text: "Fine" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
};
const geminiAnswer = {
  candidates: [{ index: 0, content: { role: "model", parts: [{ text: "Fine" }] }, finishReason: "STOP" }],
  usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
  responseId: "r1",
  modelVersion: "m",
};

function sse(...events: readonly Record<string, unknown>[]): string {
  return events
    .map((event) => {
      const name = typeof event["type"] === "string" ? `event: ${event["type"]}\n` : "";
      return `${name}data: ${JSON.stringify(event)}\n\n`;
    })
    .join("");
}

const responsesStream = sse(
  { type: "response.created", sequence_number: 0, response: { ...responsesAnswer, status: "in_progress", output: [] } },
  { type: "response.output_item.done", sequence_number: 1, output_index: 0, item: responsesAnswer.output[0] },
  { type: "response.completed", sequence_number: 2, response: responsesAnswer },
);
const chunk = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m" };
const chatStream = `${sse(
  { ...chunk, choices: [{ index: 0, delta: { role: "assistant", content: "Fine" }, finish_reason: null }] },
  { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
)}data: [DONE]\n\n`;
const messagesStream = sse(
  { type: "message_start", message: { ...messagesAnswer, content: [], stop_reason: null } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Fine" } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 1 } },
  { type: "message_stop" },
);

function answerTo(path: string, body: Record<string, unknown>, outgoing: ServerResponse): void {
  const stream = body["stream"] === true || path.includes(":streamGenerateContent");
  const [document, events] = path.endsWith("/chat/completions")
    ? [chatAnswer, chatStream]
    : path.endsWith("/responses")
      ? [responsesAnswer, responsesStream]
      : path.endsWith("/messages")
        ? [messagesAnswer, messagesStream]
        : [geminiAnswer, sse(geminiAnswer)];
  if (stream) outgoing.writeHead(200, { "content-type": "text/event-stream" }).end(events);
  else outgoing.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(document));
}

export async function startAgreeableUpstream(): Promise<AgreeableUpstream> {
  const received: Record<string, unknown>[] = [];
  const server = createServer((incoming, outgoing) => void take(incoming, outgoing, received));
  const port = await listen(server);
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  return { url: `http://127.0.0.1:${port}`, received };
}

async function take(incoming: IncomingMessage, outgoing: ServerResponse, received: Record<string, unknown>[]) {
  const chunks: Buffer[] = [];
  for await (const piece of incoming) chunks.push(piece);
  const body: Record<string, unknown> = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  received.push(body);
  answerTo((incoming.url ?? "").split("?")[0] ?? "", body, outgoing);
}

function listen(server: Server): Promise<number> {
  return new Promise((ready) => server.listen(0, "127.0.0.1", () => ready((server.address() as AddressInfo).port)));
}
