import { request } from "undici";

export type ClientWire = "openai-chat" | "openai-responses";

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

const paths: Record<ClientWire, string> = {
  "openai-chat": "/v1/chat/completions",
  "openai-responses": "/v1/responses",
};

/** A minimal request of each format. */
export function bodyOf(wire: ClientWire, stream: boolean, model = "codex/gpt-5.4", text = "Hello") {
  return wire === "openai-chat"
    ? { model, stream, messages: [{ role: "user", content: text }] }
    : { model, stream, input: [{ role: "user", content: text }] };
}

export async function post(url: string, wire: ClientWire, body: unknown, headers: Record<string, string> = {}) {
  return receive(
    await request(url + paths[wire], {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
    }),
  );
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
