import { readFileSync } from "node:fs";

import type { StreamEvent, WireEvent } from "@turnout/core";
import * as translator from "@turnout/translator";
import { expect, test } from "vitest";

const { createSseDecoder, fold, formatSse, getCodec, unfold } = translator;
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("every value the README imports exists", () => {
  const imports = [...readme.matchAll(/import \{([^}]*)\} from "@turnout\/translator"/gu)];
  const names = imports.flatMap((match) => (match[1] ?? "").split(",")).map((name) => name.trim());
  const values = names.filter((name) => !name.startsWith("type "));
  expect(values.length).toBeGreaterThan(3);
  for (const name of values) expect(translator).toHaveProperty(name);
});

test("README: a Chat request in the Responses format, with the report it shows", () => {
  const { value, report } = getCodec("openai-responses").encodeRequest(
    getCodec("openai-chat").decodeRequest({
      model: "gpt-5.4",
      messages: [
        { role: "system", content: "Be brief" },
        { role: "user", content: "Hi" },
      ],
      seed: 7,
    }).value,
  );
  expect(value).toMatchObject({
    model: "gpt-5.4",
    instructions: "Be brief",
    input: [{ type: "message", role: "user" }],
    store: false,
  });
  expect(report).toEqual({
    approximated: [],
    dropped: [{ path: "seed", reason: "no such setting in the Responses format" }],
  });
  expect(readme).toContain('{ path: "seed", reason: "no such setting in the Responses format" }');
});

test("README: a Responses stream becomes a Chat stream", () => {
  const codec = getCodec("openai-responses");
  const request = codec.decodeRequest({ model: "m", input: "Hi" }).value;
  const context = { request, model: "m", createdAt: 1, idSeed: "0".repeat(48) };
  const events: StreamEvent[] = [
    { type: "start", responseId: "resp_1", model: "m" },
    { type: "block-start", block: 0, opening: { kind: "text" } },
    { type: "text-delta", block: 0, delta: "Hi" },
    { type: "block-stop", block: 0 },
    { type: "finish", reason: "stop" },
  ];
  const upstream: WireEvent[] = [];
  const writer = codec.createEventEncoder(context);
  for (const event of events) writer.encode(event, upstream);
  const bytes = new TextEncoder().encode(upstream.map((event) => formatSse(event, true)).join(""));
  const sse = createSseDecoder({ maxBufferBytes: 1_048_576 });
  const decoder = codec.createEventDecoder();
  const decoded: StreamEvent[] = [];
  for (const event of [...sse.decode(bytes), ...sse.end()]) decoder.decode(event, decoded);
  decoder.end(decoded);
  const chat = getCodec("openai-chat");
  const encoder = chat.createEventEncoder(context);
  const written: WireEvent[] = [];
  for (const event of decoded) encoder.encode(event, written);
  if (chat.endOfStream !== undefined) written.push(chat.endOfStream);
  const text = written.map((event) => formatSse(event, chat.namedEvents)).join("");
  expect(text).toContain('"content":"Hi"');
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
});

test("README: fold() of unfold() is the same answer", () => {
  const answer = getCodec("openai-chat").decodeResponse({
    id: "chatcmpl-1",
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }],
  }).value;
  const { extras: _extras, ...said } = answer;
  expect(fold(unfold(answer))).toEqual(said);
});
