import type { WireFormat } from "@turnout/core";
import { request } from "undici";
import { z } from "zod";

/** The formats clients speak. */
export type ClientWire = WireFormat;

/** What a client received, taken apart without any of our own code. */
export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Data of each SSE event, in order; comments left out. Empty for a document. */
  readonly events: readonly string[];
  /** The parsed document; undefined for a stream. */
  readonly document: unknown;
  /** The connection broke before the answer had ended. */
  readonly broken: boolean;
}

/** Where a request of the format goes; Gemini says in the address what the others say in the body. */
function pathOf(wire: ClientWire, body: unknown): string {
  if (wire === "openai-chat") return "/v1/chat/completions";
  if (wire === "openai-responses") return "/v1/responses";
  if (wire === "anthropic-messages") return "/v1/messages";
  const { model = "", stream = false } = addressSchema.parse(body);
  return `/v1beta/models/${encodeURIComponent(model)}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`;
}

const addressSchema = z.looseObject({ model: z.string().optional(), stream: z.boolean().optional() });

/** A minimal request of each format. */
export function bodyOf(wire: ClientWire, stream: boolean, model = "codex/gpt-5.4", text = "Hello") {
  switch (wire) {
    case "openai-chat":
      return { model, stream, messages: [{ role: "user", content: text }] };
    case "openai-responses":
      return { model, stream, input: [{ role: "user", content: text }] };
    case "anthropic-messages":
      return { model, stream, max_tokens: 1000, messages: [{ role: "user", content: text }] };
    case "gemini":
      return { model, stream, contents: [{ role: "user", parts: [{ text }] }] };
  }
}

export async function post(
  url: string,
  wire: ClientWire,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
) {
  return receive(
    await request(
      url + (typeof body === "object" || wire !== "gemini" ? pathOf(wire, body) : "/v1beta/models/x:generateContent"),
      {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        ...(signal !== undefined && { signal }),
        body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(inBody(wire, body)),
      },
    ),
  );
}

/** What of a request stands in its body. */
function inBody(wire: ClientWire, body: unknown): unknown {
  if (wire !== "gemini" || typeof body !== "object") return body;
  const { model: _model, stream: _stream, ...rest } = addressSchema.parse(body);
  return rest;
}

async function receive(response: Awaited<ReturnType<typeof request>>): Promise<Received> {
  const chunks: Buffer[] = [];
  let broken = false;
  try {
    for await (const chunk of response.body) chunks.push(chunk);
  } catch {
    broken = true;
  }
  const text = Buffer.concat(chunks).toString("utf8");
  const isStream = String(response.headers["content-type"]).startsWith("text/event-stream");
  return {
    status: response.statusCode,
    headers: response.headers,
    events: isStream ? dataOf(text) : [],
    document: isStream || broken ? undefined : JSON.parse(text),
    broken,
  };
}

function dataOf(text: string): string[] {
  return text
    .replaceAll("\r\n", "\n")
    .split("\n\n")
    .map((block) =>
      block
        .split("\n")
        .filter((line) => line.startsWith("data: "))
        .map((line) => line.slice("data: ".length))
        .join("\n"),
    )
    .filter((data) => data !== "");
}
