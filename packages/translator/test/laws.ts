import {
  type AnyRouterError,
  type JsonObject,
  type JsonValue,
  type ModelRequest,
  type ModelResponse,
  RouterError,
  type StreamEvent,
  type WireEvent,
} from "@turnout/core";
import { type AnswerContext, type Codec, createSseDecoder, fold, formatSse } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { hasCorpus, type Recorded, type Recordings } from "./corpus.ts";

export interface LawOptions {
  readonly codec: Codec;
  readonly recordings: Recordings;
  /** Requests besides the recorded ones, for example from captures. */
  readonly requests?: readonly Recorded<JsonObject>[];
  /** Throws when the events are not the codec's own grammar. */
  checkGrammar(events: readonly WireEvent[]): void;
  /** What of an answer may differ between stream and document; the rest must be equal. */
  comparable(response: ModelResponse): JsonValue;
  /** Parts of names of recordings to leave out, each with its reason. */
  readonly exceptions?: Readonly<Record<string, string>>;
}

const emptyRequest: ModelRequest = {
  model: "client-model",
  stream: true,
  turns: [],
  tools: [],
  sampling: {},
  // So that a Chat stream tells its usage, which the laws compare.
  includeUsage: true,
};

/** What an encoder is told besides the answer. */
export function contextFor(model: string): AnswerContext {
  return { request: emptyRequest, model, createdAt: 1_700_000_000, idSeed: "0123456789abcdef".repeat(3) };
}

/** As JSON sees it: no absent fields. */
export function plain(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value));
}

/** Name and value, so that a test is called after its whole file name. */
function cases<T>(recorded: readonly Recorded<T>[]): (readonly [string, T])[] {
  return recorded.map(({ name, value }) => [name, value] as const);
}

/** The recordings without those that are no proof of anything. */
function without(recordings: Recordings, exceptions: Readonly<Record<string, string>>): Recordings {
  const keep = <T>(recorded: readonly Recorded<T>[]) =>
    recorded.filter(({ name }) => !Object.keys(exceptions).some((exception) => name.includes(exception)));
  return {
    requests: keep(recordings.requests),
    answers: keep(recordings.answers),
    streams: keep(recordings.streams),
    errors: keep(recordings.errors),
  };
}

export function parseStream(text: string): WireEvent[] {
  const decoder = createSseDecoder();
  return [...decoder.decode(text), ...decoder.end()];
}

interface Decoded {
  readonly events: readonly StreamEvent[];
  /** The failure that decoding ended with. */
  readonly failure: AnyRouterError | undefined;
}

/** Decodes what there is of a stream, the end included. */
export function decodeStream(codec: Codec, events: readonly WireEvent[]): Decoded {
  const decoder = codec.createEventDecoder();
  const out: StreamEvent[] = [];
  try {
    for (const event of events) decoder.decode(event, out);
    decoder.end(out);
    return { events: out, failure: undefined };
  } catch (error) {
    if (!RouterError.is(error)) throw error;
    return { events: out, failure: error };
  }
}

/** At most `limit` numbers from 0 to `end`, evenly spread, both ends among them. */
function positions(end: number, limit: number): number[] {
  if (end < limit) return Array.from({ length: end + 1 }, (_, index) => index);
  return Array.from({ length: limit }, (_, index) => Math.round((index * end) / (limit - 1)));
}

function isWholeJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return text === "";
  }
}

/** Law 7: whatever the cut, no call that could be executed has broken arguments. */
function checkCalls(events: readonly StreamEvent[]): void {
  const texts = new Map<number, string>();
  for (const event of events) {
    if (event.type === "block-start" && event.opening.kind === "tool-call") {
      if (event.opening.toolKind === "function") texts.set(event.block, "");
    } else if (event.type === "tool-call-delta" && texts.has(event.block)) {
      texts.set(event.block, (texts.get(event.block) ?? "") + event.argumentsDelta);
    } else if (event.type === "block-stop" && event.incomplete !== true) {
      const text = texts.get(event.block);
      if (text !== undefined) expect(isWholeJson(text), `arguments of a finished call: ${text}`).toBe(true);
    }
  }
}

/** Law 1: one start, first; one finish, last; every block opened before it is used and stopped once. */
export function checkCanonical(events: readonly StreamEvent[]): void {
  expect(events[0]?.type).toBe("start");
  expect(events.at(-1)?.type).toBe("finish");
  expect(events.filter((event) => event.type === "start")).toHaveLength(1);
  expect(events.filter((event) => event.type === "finish")).toHaveLength(1);
  const open = new Set<number>();
  const seen = new Set<number>();
  for (const event of events) {
    if (event.type === "block-start") {
      expect(seen.has(event.block)).toBe(false);
      seen.add(event.block);
      open.add(event.block);
    } else if ("block" in event) {
      expect(open.has(event.block), `${event.type} of block ${event.block}, which is not open`).toBe(true);
      if (event.type === "block-stop") open.delete(event.block);
    }
  }
  expect([...open]).toEqual([]);
}

function lawsOfRequests(options: LawOptions): void {
  const { codec } = options;
  const requests = [...options.recordings.requests, ...(options.requests ?? [])];
  test.for(cases(requests))("%s: the request comes back as it was (law 2, 10)", ([, value]) => {
    const decoded = codec.decodeRequest(value);
    const encoded = codec.encodeRequest(decoded.value);
    expect(plain(encoded.value)).toEqual(value);
    expect(encoded.report.dropped).toEqual([]);
    expect(JSON.stringify(codec.encodeRequest(codec.decodeRequest(value).value).value)).toBe(
      JSON.stringify(encoded.value),
    );
  });
}

function lawsOfAnswers(options: LawOptions): void {
  const { codec, recordings } = options;
  test.for(cases(recordings.answers))("%s: the answer comes back as it was (law 2)", ([, value]) => {
    const decoded = codec.decodeResponse(value).value;
    expect(plain(codec.encodeResponse(decoded, contextFor(decoded.model)).value)).toEqual(value);
  });
  test.for(cases(recordings.errors))("%s: the error is read as one", ([, { status, text }]) => {
    const error = codec.decodeError(status, text);
    expect(RouterError.is(error)).toBe(true);
    expect(error.message).not.toBe("");
    const encoded = codec.encodeError(RouterError.from(error), "request-1");
    expect(encoded.status).toBeGreaterThanOrEqual(400);
  });
}

function lawsOfStreams(options: LawOptions, streams: readonly Recorded<string>[]): void {
  const { codec } = options;
  test.for(cases(streams))(
    "%s: start first, finish last, blocks in order, the same each time (law 1, 10)",
    ([, value]) => {
      const events = parseStream(value);
      const { events: decoded, failure } = decodeStream(codec, events);
      expect(decodeStream(codec, events).events).toEqual(decoded);
      if (failure === undefined) checkCanonical(decoded);
      checkCalls(decoded);
    },
  );
  test.for(cases(streams))("%s: fold of the stream equals the document (law 4)", ([, value]) => {
    const events = parseStream(value);
    const { events: decoded, failure } = decodeStream(codec, events);
    const collector = codec.createDocumentCollector();
    if (failure !== undefined) {
      expect(() => {
        for (const event of events) collector.add(event);
        collector.end();
      }).toThrow(failure.message);
      return;
    }
    for (const event of events) collector.add(event);
    const whole = codec.decodeResponse(collector.end()).value;
    expect(plain(options.comparable(fold(decoded)))).toEqual(plain(options.comparable(whole)));
  });
  test.for(cases(streams))("%s: the observer sees one end, and the usage the decoder sees", ([, value]) => {
    const events = parseStream(value);
    const { events: decoded, failure } = decodeStream(codec, events);
    const observer = codec.createStreamObserver(contextFor("m"));
    const roles = events.map((event) => observer.observe(event));
    if (failure !== undefined) {
      expect(observer.failure?.code).toBe(failure.code);
      return;
    }
    expect(observer.failure).toBeUndefined();
    expect(roles.filter((role) => role === "terminal")).toHaveLength(1);
    const answer = fold(decoded);
    expect(observer.usage).toEqual(answer.usage);
    expect(observer.finish).toBe(answer.finish);
  });
  test.for(cases(streams))("%s: every cut of the bytes gives the same events (law 6)", ([, value]) => {
    const bytes = new TextEncoder().encode(value);
    const whole = parseStream(value);
    for (const cut of positions(bytes.length, 300)) {
      const decoder = createSseDecoder();
      const parts = [decoder.decode(bytes.subarray(0, cut)), decoder.decode(bytes.subarray(cut)), decoder.end()];
      expect(parts.flat()).toEqual(whole);
    }
    const decoder = createSseDecoder();
    const single: WireEvent[] = [];
    for (let index = 0; index < bytes.length; index += 1) {
      for (const event of decoder.decode(bytes.subarray(index, index + 1))) single.push(event);
    }
    expect([...single, ...decoder.end()]).toEqual(whole);
  });
  test.for(cases(streams))("%s: cut after any event it fails or ends legally (law 7)", ([, value]) => {
    const events = parseStream(value);
    for (const length of positions(events.length, 120)) {
      const { events: decoded, failure } = decodeStream(codec, events.slice(0, length));
      checkCalls(decoded);
      if (failure === undefined) checkCanonical(decoded);
      else expect(decoded.filter((event) => event.type === "finish")).toEqual([]);
    }
  });
  test.for(cases(streams))("%s: written again it keeps the grammar and the meaning (law 5)", ([, value]) => {
    const { events: decoded, failure } = decodeStream(codec, parseStream(value));
    const written: WireEvent[] = [];
    const encoder = codec.createEventEncoder(contextFor("client-model"));
    for (const event of decoded) encoder.encode(event, written);
    if (failure !== undefined) {
      written.push(...encoder.fail(failure, "request-1"));
      expect(decodeStream(codec, written).failure).toBeDefined();
      return;
    }
    if (codec.endOfStream !== undefined) written.push(codec.endOfStream);
    options.checkGrammar(written);
    const text = written.map((event) => formatSse(event, codec.namedEvents)).join("");
    const again = decodeStream(codec, parseStream(text));
    expect(again.failure).toBeUndefined();
    checkCanonical(again.events);
    expect(meaning(fold(again.events))).toEqual(meaning(fold(decoded)));
  });
}

/** What an answer says, without ids and without what only one format knows. */
function meaning(response: ModelResponse): JsonValue {
  const { inputFresh, cacheRead, output, reasoning } = response.usage ?? {};
  return plain({
    finish: response.finish,
    usage: { inputFresh: inputFresh ?? 0, cacheRead: cacheRead ?? 0, output: output ?? 0, reasoning: reasoning ?? 0 },
    blocks: response.blocks.map((block) => {
      switch (block.type) {
        case "text":
        case "refusal":
          return { type: block.type, text: block.text };
        case "reasoning":
          return { type: block.type, parts: block.parts, payload: block.payload };
        case "tool-call":
          return {
            type: block.type,
            name: block.name,
            namespace: block.namespace,
            kind: block.kind,
            arguments: block.arguments === "" ? "{}" : block.arguments,
            incomplete: block.incomplete,
          };
        default:
          return { type: block.type };
      }
    }),
  });
}

/** Runs the laws of translation.md section 8 that one codec must keep, over every recording given. */
export function describeLaws(name: string, given: LawOptions): void {
  const options = { ...given, recordings: without(given.recordings, given.exceptions ?? {}) };
  describe.skipIf(!hasCorpus)(`${name}: laws over the corpus`, () => {
    test("the corpus holds requests, answers and streams", () => {
      const { requests, answers, streams } = options.recordings;
      expect([requests.length > 0, answers.length > 0, streams.length > 0]).toEqual([true, true, true]);
    });
    lawsOfRequests(options);
    lawsOfAnswers(options);
    lawsOfStreams(options, options.recordings.streams);
  });
}
