/** The translator alone: text of a Responses stream in, text of a Chat stream out, no sockets. */
import { createSseDecoder, formatSse, getCodec, type AnswerContext } from "@turnout/translator";
import type { StreamEvent, WireEvent } from "@turnout/core";
import { z } from "zod";
import { serveCommands } from "../library/serve-commands.ts";

const requestSchema = z.object({
  /** A whole stream, cut as it would arrive. */
  reads: z.array(z.string()),
  request: z.string(),
  milliseconds: z.number().positive(),
});

const responses = getCodec("openai-responses");
const chat = getCodec("openai-chat");

/** Every way takes the reads of one stream and returns how many events it saw and how many characters it made. */
type Way = (reads: readonly string[]) => { events: number; characters: number };

function parseOnly(reads: readonly string[]) {
  const decoder = createSseDecoder();
  let events = 0;
  for (const read of reads) events += decoder.decode(read).length;
  return { events: events + decoder.end().length, characters: 0 };
}

function contextOf(requestText: string): AnswerContext {
  const request = chat.decodeRequest(JSON.parse(requestText)).value;
  return { request, model: request.model, createdAt: 1_764_000_000, idSeed: "0123456789abcdef".repeat(3) };
}

function passThroughWith(context: AnswerContext): Way {
  return (reads) => {
    const decoder = createSseDecoder();
    const observer = responses.createStreamObserver(context);
    let events = 0;
    let characters = 0;
    for (const read of reads) {
      let text = "";
      for (const event of decoder.decode(read)) {
        observer.observe(event);
        text += formatSse(event, responses.namedEvents);
        events += 1;
      }
      characters += text.length;
    }
    return { events, characters };
  };
}

function translateWith(context: AnswerContext): Way {
  return (reads) => {
    const decoder = createSseDecoder();
    const eventDecoder = responses.createEventDecoder();
    const eventEncoder = chat.createEventEncoder(context);
    let events = 0;
    let characters = 0;
    for (const read of reads) {
      const middle: StreamEvent[] = [];
      const outgoing: WireEvent[] = [];
      for (const event of decoder.decode(read)) {
        eventDecoder.decode(event, middle);
        events += 1;
      }
      for (const event of middle) eventEncoder.encode(event, outgoing);
      let text = "";
      for (const event of outgoing) text += formatSse(event, chat.namedEvents);
      characters += text.length;
    }
    return { events, characters };
  };
}

function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Events per second of CPU time of one way, after a warm-up of the same length. */
function measure(way: Way, reads: readonly string[], milliseconds: number): number {
  const run = () => {
    let events = 0;
    const startedAt = cpuMilliseconds();
    let usedMs = 0;
    while (usedMs < milliseconds) {
      events += way(reads).events;
      usedMs = cpuMilliseconds() - startedAt;
    }
    return (events * 1_000) / usedMs;
  };
  run();
  return run();
}

serveCommands({
  measure(parameters) {
    const { reads, request, milliseconds } = requestSchema.parse(parameters);
    return {
      parse: measure(parseOnly, reads, milliseconds),
      passThrough: measure(passThroughWith(contextOf(request)), reads, milliseconds),
      translate: measure(translateWith(contextOf(request)), reads, milliseconds),
    };
  },
});
