import fc from "fast-check";
import { RouterError } from "@turnout/core";
import { expect, test } from "vitest";

import { createSseDecoder, formatSse } from "./sse.ts";

const stream =
  '\u{feff}: comment\r\nevent: a.b\r\ndata: {"x":"é€😀"}\r\n\r\nlog line without colon\nid: 1\nretry: x\ndata:{"y":1,\ndata: "z":2}\n\ndata: [DONE]\r\rdata: {"last":true}';
const expected = [
  { type: "a.b", data: '{"x":"é€😀"}' },
  { type: "", data: '{"y":1,\n"z":2}' },
  { type: "", data: "[DONE]" },
  { type: "", data: '{"last":true}' },
];

test("createSseDecoder() gives the same events at every cut of the bytes, in two and in single bytes (T105)", () => {
  const bytes = new TextEncoder().encode(stream);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const decoder = createSseDecoder();
    const events = [
      ...decoder.decode(bytes.subarray(0, cut)),
      ...decoder.decode(bytes.subarray(cut)),
      ...decoder.end(),
    ];
    expect(events).toEqual(expected);
  }
  const decoder = createSseDecoder();
  const events = [...bytes].flatMap((byte) => decoder.decode(Uint8Array.of(byte)));
  expect([...events, ...decoder.end()]).toEqual(expected);
});

test("createSseDecoder() takes decoded text as well", () => {
  const decoder = createSseDecoder();
  expect([...decoder.decode(stream.slice(0, 7)), ...decoder.decode(stream.slice(7)), ...decoder.end()]).toEqual(
    expected,
  );
});

test("SseDecoder.end() drops and counts an event whose JSON is cut", () => {
  const decoder = createSseDecoder();
  expect(decoder.decode('data: {"a":1}\n\ndata: {"b":')).toEqual([{ type: "", data: '{"a":1}' }]);
  expect(decoder.end()).toEqual([]);
  expect(decoder.dropped).toBe(1);
});

test("createSseDecoder() throws upstream-malformed when one event exceeds maxBufferBytes, and stays closed", () => {
  const decoder = createSseDecoder({ maxBufferBytes: 100 });
  decoder.decode(`data: ${"x".repeat(90)}`);
  for (const chunk of ["x".repeat(20), "\n\n"]) {
    let thrown: unknown;
    try {
      decoder.decode(chunk);
    } catch (error) {
      thrown = error;
    }
    expect(RouterError.is(thrown) && thrown.code).toBe("upstream-malformed");
  }
});

test("formatSse() writes what createSseDecoder() reads, named and not, line breaks inside the data included", () => {
  for (const event of expected) {
    for (const named of [true, false]) {
      const decoder = createSseDecoder();
      expect(decoder.decode(formatSse(event, named))).toEqual([named ? event : { ...event, type: "" }]);
    }
  }
  expect(formatSse({ type: "a", data: "{}" }, true)).toBe("event: a\ndata: {}\n\n");
  expect(formatSse({ type: "", data: "[DONE]" }, false)).toBe("data: [DONE]\n\n");
  expect(formatSse({ type: "a\ndata: forged", data: "{}" }, true)).toBe("data: {}\n\n");
});

test("createSseDecoder() reads wrong UTF-8 at any cut as a streaming TextDecoder does", () => {
  // Lead and continuation bytes of every length, wrong ones, a byte-order mark's, and plain letters.
  const byte = fc.constantFrom(
    0x61,
    0x7f,
    0x80,
    0xbf,
    0xc0,
    0xc3,
    0xe0,
    0xe2,
    0xed,
    0xa0,
    0xef,
    0xbb,
    0xf0,
    0x9f,
    0xf4,
    0xf8,
    0xff,
  );
  const pieces = fc.array(fc.array(byte, { maxLength: 6 }), { maxLength: 6 });
  fc.assert(
    fc.property(pieces, (cuts) => {
      const encoder = new TextEncoder();
      const chunks = [
        encoder.encode("data: {"),
        ...cuts.map((bytes) => Uint8Array.from(bytes)),
        encoder.encode("}\n\n"),
      ];
      const streaming = new TextDecoder();
      const text = chunks.map((chunk) => streaming.decode(chunk, { stream: true })).join("");
      const decoder = createSseDecoder();
      const events = chunks.flatMap((chunk) => decoder.decode(chunk));
      expect(events).toEqual([{ type: "", data: text.slice("data: ".length, -2) }]);
    }),
    { numRuns: 500 },
  );
});
