/** The translator alone: text of a stream in one language in, text in another out, no sockets. */
import { createSseDecoder, formatSse, getCodec, type AnswerContext, type Codec } from "@turnout/translator";
import { type StreamEvent, type WireEvent, wireFormats } from "@turnout/core";
import { z } from "zod";
import { serveCommands } from "../library/serve-commands.ts";

const wireSchema = z.enum(wireFormats);

const requestSchema = z.object({
  languages: z.array(
    z.object({
      wire: wireSchema,
      /** A whole stream, cut as it would arrive. */
      reads: z.array(z.string()),
      /** What a client of this language asked, as its codec reads it. */
      request: z.string(),
    }),
  ),
  milliseconds: z.number().positive(),
});

/** Every way takes the reads of one stream and returns how many events it saw and how many characters it made. */
type Way = (reads: readonly string[]) => { events: number; characters: number };

function parseOnly(reads: readonly string[]) {
  const decoder = createSseDecoder();
  let events = 0;
  for (const read of reads) events += decoder.decode(read).length;
  return { events: events + decoder.end().length, characters: 0 };
}

function contextOf(codec: Codec, requestText: string): AnswerContext {
  const request = codec.decodeRequest(JSON.parse(requestText)).value;
  return { request, model: request.model, createdAt: 1_764_000_000, idSeed: "0123456789abcdef".repeat(3) };
}

function passThroughWith(codec: Codec, context: AnswerContext): Way {
  return (reads) => {
    const decoder = createSseDecoder();
    const observer = codec.createStreamObserver(context);
    let events = 0;
    let characters = 0;
    for (const read of reads) {
      let text = "";
      for (const event of decoder.decode(read)) {
        observer.observe(event);
        text += formatSse(event, codec.namedEvents);
        events += 1;
      }
      characters += text.length;
    }
    return { events, characters };
  };
}

function translateWith(from: Codec, to: Codec, context: AnswerContext): Way {
  return (reads) => {
    const decoder = createSseDecoder();
    const eventDecoder = from.createEventDecoder(context);
    const eventEncoder = to.createEventEncoder(context);
    let events = 0;
    let characters = 0;
    const write = (middle: readonly StreamEvent[]) => {
      const outgoing: WireEvent[] = [];
      for (const event of middle) eventEncoder.encode(event, outgoing);
      let text = "";
      for (const event of outgoing) text += formatSse(event, to.namedEvents);
      characters += text.length;
    };
    for (const read of reads) {
      const middle: StreamEvent[] = [];
      for (const event of decoder.decode(read)) {
        eventDecoder.decode(event, middle);
        events += 1;
      }
      write(middle);
    }
    const last: StreamEvent[] = [];
    eventDecoder.end(last);
    write(last);
    return { events, characters };
  };
}

function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Events per second of CPU time of one way. */
function measure(way: Way, reads: readonly string[], milliseconds: number): number {
  let events = 0;
  const startedAt = cpuMilliseconds();
  let usedMs = 0;
  while (usedMs < milliseconds) {
    events += way(reads).events;
    usedMs = cpuMilliseconds() - startedAt;
  }
  return (events * 1_000) / usedMs;
}

serveCommands({
  measure(parameters) {
    const { languages, milliseconds } = requestSchema.parse(parameters);
    const ways = languages.flatMap((from) => [
      { from: from.wire, to: undefined, reads: from.reads, way: parseOnly },
      ...languages.map((to) => {
        const codec = getCodec(to.wire);
        const context = contextOf(codec, to.request);
        const way = from === to ? passThroughWith(codec, context) : translateWith(getCodec(from.wire), codec, context);
        return { from: from.wire, to: to.wire, reads: from.reads, way };
      }),
    ]);
    // All are warm before one is measured: one process serves them all in daily use, and code that has seen one language only is faster.
    for (const { way, reads } of ways) measure(way, reads, milliseconds);
    return ways.map(({ from, to, reads, way }) => ({
      from,
      ...(to === undefined ? {} : { to }),
      eventsPerSecond: measure(way, reads, milliseconds),
    }));
  },
});
