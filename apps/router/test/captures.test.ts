import type { WireFormat } from "@turnout/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { startAgreeableUpstream } from "./support/agreeable-upstream.ts";
import { post, type Received } from "./support/ask.ts";
import { type CapturedRequest, capturedRequests, hasCaptures } from "./support/captured-requests.ts";
import { startTestRouter } from "./support/running-router.ts";

const requests = capturedRequests();
const models = [...new Set(requests.map((request) => request.model))];

const apiKey = "sk-test-key";

/** A provider of each upstream language, with every model name the clients asked for. */
function providersAt(url: string) {
  const accounts = [{ apiKey }];
  return {
    codex: { baseUrl: `${url}/backend-api/codex`, transport: "http", models, accounts },
    openai: { api: "chat", baseUrl: `${url}/v1`, models, accounts },
    anthropic: { baseUrl: url, models, accounts },
    gemini: { baseUrl: url, models, accounts },
  };
}

const upstreams: readonly { provider: string; wire: WireFormat }[] = [
  { provider: "codex", wire: "openai-responses" },
  { provider: "openai", wire: "openai-chat" },
  { provider: "anthropic", wire: "anthropic-messages" },
  { provider: "gemini", wire: "gemini" },
];

const lossSchema = z.array(z.object({ path: z.string().min(1), reason: z.string().min(1) }));
const reportSchema = z.object({ approximated: lossSchema, dropped: lossSchema });

describe.each(upstreams)("requests of real clients to an upstream that speaks $wire", ({ provider, wire }) => {
  test.skipIf(!hasCaptures)(
    "are carried, or refused with the field named, and the report tells what was lost",
    async () => {
      expect(requests.length).toBeGreaterThan(250);
      const upstream = await startAgreeableUpstream();
      const router = await startTestRouter({ providers: () => providersAt(upstream.url) });
      let refused = 0;
      for (const request of requests) {
        upstream.received.length = 0;
        const answer = await post(router.url, request.wire, { ...request.body, model: `${provider}/${request.model}` });
        const line = router.log.at(-1) ?? {};
        if (answer.status !== 200) {
          refused += 1;
          expectRefusal(request, answer, line);
          continue;
        }
        if (line["losses"] !== undefined) reportSchema.parse(line["losses"]);
        const losses = JSON.stringify(line["losses"] ?? {});
        const sent = upstream.received[0] ?? {};
        if (request.wire === wire) expectSame(request, sent, losses);
        expectWords(request, sent, losses);
      }
      // What is refused names something stored elsewhere or a hosted tool; that is the exception.
      expect(refused).toBeLessThan(requests.length / 20);
    },
  );
});

const errorSchema = z.object({ code: z.enum(["request-invalid", "not-found"]), message: z.string().min(10) });

function expectRefusal(request: CapturedRequest, answer: Received, line: Record<string, unknown>) {
  // What a client refers to was answered by the recorder and not by this router, which knows nothing of it.
  const isReference = JSON.stringify(request.body).includes('"item_reference"');
  expect(answer.status, `${request.name}: ${JSON.stringify(answer.document)}`).toBe(isReference ? 404 : 400);
  errorSchema.parse(line["error"]);
}

/** What turnout decides, whatever the client said. */
const decided = new Set(["model", "stream", "store", "include", "type", "generate", "stream_options"]);

/** The straight road: each field as the client wrote it, or its loss is reported. */
function expectSame({ name, body }: CapturedRequest, sent: Record<string, unknown>, losses: string) {
  for (const [key, value] of Object.entries(body)) {
    if (decided.has(key) || losses.includes(`"path":"${key}`)) continue;
    // OpenAI's own models know the limit by its newer name only (translation.md 2.12).
    const sentAs = key === "max_tokens" && sent[key] === undefined ? "max_completion_tokens" : key;
    expect(sent[sentAs], `${name}: ${key}`).toEqual(asTheBackendTakesIt(key, value));
  }
}

/** The changes of form that mean the same to the Codex backend. */
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

/** The words of every message stand in what went upstream, unless the report names where something was left out. */
function expectWords(request: CapturedRequest, sent: Record<string, unknown>, losses: string) {
  const { body } = request;
  const all = JSON.stringify(sent);
  for (const [list, prefix] of [
    [body["messages"], "messages["],
    [body["input"], "input["],
    [body["contents"], "contents["],
  ] as const) {
    for (const text of wordsOf(list)) {
      const isThere =
        all.includes(JSON.stringify(text).slice(1, -1)) || all.includes(JSON.stringify(text.trimEnd()).slice(1, -1));
      if (!isThere) expect(losses, `${request.name}: ${text.slice(0, 80)}`).toContain(prefix);
    }
  }
}

function wordsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(wordsOf);
  if (typeof value !== "object" || value === null) return [];
  // Thoughts stay with the model family that had them.
  if ("type" in value && (value.type === "reasoning" || value.type === "thinking")) return [];
  if ("thought" in value && value.thought === true) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (typeof inner !== "string") return wordsOf(inner);
    return (key === "content" || key === "text") && inner.trim() !== "" ? [inner] : [];
  });
}
