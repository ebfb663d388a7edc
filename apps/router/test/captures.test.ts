import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { post } from "./support/ask.ts";
import { startTestRouter } from "./support/running-router.ts";

const corpus = resolve(import.meta.dirname, "../../..", process.env["TURNOUT_CORPUS"] ?? "../shared");
const folder = join(corpus, "captures");
const isThere = existsSync(folder);

const recordSchema = z.looseObject({
  dir: z.string(),
  transport: z.string().optional(),
  method: z.string().optional(),
  path: z.string().optional(),
  body: z.unknown().optional(),
  message: z.unknown().optional(),
});
const bodySchema = z.looseObject({ model: z.string(), previous_response_id: z.string().optional() });

interface Captured {
  readonly name: string;
  readonly wire: "openai-chat" | "openai-responses";
  readonly body: z.output<typeof bodySchema>;
}

/** Every request of a real client in one of the two formats: HTTP bodies, and WebSocket messages that stand alone. */
function capturedRequests(): Captured[] {
  if (!isThere) return [];
  const clients = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return clients.flatMap((client) =>
    readdirSync(join(folder, client.name)).flatMap((file) => requestsOf(client.name, file)),
  );
}

function requestsOf(client: string, file: string): Captured[] {
  const records = z.array(recordSchema).parse(JSON.parse(readFileSync(join(folder, client, file), "utf8")));
  return records.flatMap((record, index): Captured[] => {
    if (record.dir !== "c2s") return [];
    const name = `${client}/${file} record ${index}`;
    const body = bodySchema.safeParse(record.transport === "ws" ? record.message : record.body);
    if (!body.success || body.data.previous_response_id !== undefined) return [];
    const path = record.path?.split("?")[0] ?? "";
    if (record.transport === "ws") return [{ name, wire: "openai-responses", body: body.data }];
    if (path.endsWith("/chat/completions")) return [{ name, wire: "openai-chat", body: body.data }];
    if (path.endsWith("/responses")) return [{ name, wire: "openai-responses", body: body.data }];
    return [];
  });
}

/** What turnout decides for the backend, whatever the client said. */
const decided = new Set(["model", "stream", "store", "include", "type", "generate"]);

const sse = [
  '{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","model":"m","output":[]}}',
  '{"type":"response.completed","sequence_number":1,"response":{"id":"resp_1","object":"response","status":"completed","model":"m","output":[],"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}}}}',
]
  .map((data) => `data: ${data}\n\n`)
  .join("");

describe("requests captured from real clients", () => {
  const received: Record<string, unknown>[] = [];
  const upstream = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      received.push(JSON.parse(Buffer.concat(chunks).toString("utf8")));
      outgoing.writeHead(200, { "content-type": "text/event-stream" }).end(sse);
    });
  });
  beforeAll(() => new Promise<void>((ready) => upstream.listen(0, "127.0.0.1", ready)));
  afterAll(() => new Promise((closed) => upstream.close(closed)));

  test.skipIf(!isThere)("are accepted and reach the upstream whole, or the log names what did not", async () => {
    const { port } = upstream.address() as AddressInfo;
    const requests = capturedRequests();
    expect(requests.length).toBeGreaterThan(100);
    const names = [...new Set(requests.map((request) => request.body.model))];
    const router = await startTestRouter({
      codex: { baseUrl: `http://127.0.0.1:${port}/backend-api/codex`, transport: "http", models: names },
    });
    for (const { name, wire, body } of requests) {
      received.length = 0;
      const answer = await post(router.url, wire, { ...body, model: `codex/${body.model}` });
      expect(answer.status, `${name}: ${JSON.stringify(answer.document)}`).toBe(200);
      const sent = received[0] ?? {};
      const line = router.log.at(-1);
      if (wire === "openai-responses") expectSame(name, body, sent, line);
      else expectAllTexts(name, body, sent);
    }
  });
});

function expectSame(name: string, body: object, sent: Record<string, unknown>, line: unknown) {
  const losses = JSON.stringify(line);
  for (const [key, value] of Object.entries(body)) {
    if (decided.has(key) || losses.includes(`"path":"${key}`)) continue;
    expect(sent[key], `${name}: ${key}`).toEqual(asTheBackendTakesIt(key, value));
  }
}

/** The changes of form that mean the same. */
function asTheBackendTakesIt(key: string, value: unknown): unknown {
  if (key === "client_metadata") return withoutSocketKeys(value);
  if (key === "input" && typeof value === "string") {
    return [{ type: "message", role: "user", content: [{ type: "input_text", text: value }] }];
  }
  if (key !== "input" || !Array.isArray(value)) return value;
  // The backend refuses role `system` (codex.md 3.2); `developer` ranks the same.
  return value.map((item: { role?: string }) => (item.role === "system" ? { ...item, role: "developer" } : item));
}

/** Over HTTP these travel as headers (codex.md 3.6). */
function withoutSocketKeys(metadata: unknown): unknown {
  const entries = Object.entries(z.record(z.string(), z.unknown()).parse(metadata));
  return Object.fromEntries(entries.filter(([key]) => !key.startsWith("ws_request_header_")));
}

/** Every text of every message stands in what went upstream. */
function expectAllTexts(name: string, body: Record<string, unknown>, sent: Record<string, unknown>) {
  const all = JSON.stringify(sent);
  for (const text of textsOf(body["messages"])) {
    expect(all.includes(JSON.stringify(text).slice(1, -1)), `${name}: ${text.slice(0, 80)}`).toBe(true);
  }
}

function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === "string"
      ? key === "content" || key === "text" || key === "arguments"
        ? [inner]
        : []
      : textsOf(inner),
  );
}
