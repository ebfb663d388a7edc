import { RouterError, type ModelRequest, type StreamEvent, type WireEvent, type WireFormat } from "@turnout/core";
import { createFolder, createSseDecoder, getCodec } from "@turnout/translator";
import type { Pool } from "undici";
import { z } from "zod";
import { languageOf } from "../recordings.ts";
import type { Reply } from "./judge.ts";

/** Longer than any timeout of the router: who has heard nothing by then will not. */
export const deadlineMs = 20_000;

const fieldsSchema = z.record(z.string(), z.unknown());

/** Reads an answer of one language event by event; what is no answer throws a RouterError. */
export function createAnswerReader(wire: WireFormat, request: ModelRequest) {
  const decoder = getCodec(wire).createEventDecoder({ request });
  const folder = createFolder();
  const { ending } = languageOf(wire);
  let ends = 0;
  const take = (events: readonly StreamEvent[]) => {
    for (const event of events) folder.add(event);
  };
  return {
    read(event: WireEvent) {
      if (event.data.includes(ending)) ends += 1;
      const meaning: StreamEvent[] = [];
      decoder.decode(event, meaning);
      take(meaning);
    },
    finish(way: string): Reply {
      try {
        const meaning: StreamEvent[] = [];
        decoder.end(meaning);
        take(meaning);
        return { kind: "answer", response: folder.end(), ends, way };
      } catch (error) {
        return { kind: "lost", message: `the stream ended too early: ${String(error)}` };
      }
    },
  };
}

function addressOf(wire: WireFormat, model: string, stream: boolean): string {
  const path = languageOf(wire).path(model);
  return wire === "gemini" && !stream ? path.replace(":streamGenerateContent?alt=sse", ":generateContent") : path;
}

function bodyOf(wire: WireFormat, request: ModelRequest): string {
  const body = getCodec(wire).encodeRequest(request).value;
  return JSON.stringify(wire === "gemini" ? body : { ...body, stream: request.stream });
}

export function failedReply(error: unknown): Reply {
  if (RouterError.is(error)) return { kind: "failed", code: error.code, message: error.message };
  return { kind: "lost", message: String(error) };
}

const wayHeaders = z.looseObject({
  "x-turnout-transport": z.string().default("none"),
  "x-turnout-session": z.string().default(""),
});

/** One request over HTTP in one of the four languages. */
export async function askHttp(
  pool: Pool,
  clientHeaders: Readonly<Record<string, string>>,
  wire: WireFormat,
  request: ModelRequest,
  leavesAfterBytes: number | undefined,
): Promise<Reply> {
  const leaving = new AbortController();
  const deadline = setTimeout(() => leaving.abort(), deadlineMs);
  let hasLeft = false;
  let bytes = 0;
  try {
    const { statusCode, headers, body } = await pool.request({
      path: addressOf(wire, request.model, request.stream),
      method: "POST",
      headers: { "content-type": "application/json", ...clientHeaders },
      body: bodyOf(wire, request),
      signal: leaving.signal,
    });
    const fields = wayHeaders.parse(headers);
    const way = `${fields["x-turnout-transport"]} ${fields["x-turnout-session"]}`.trim();
    const isStream = request.stream && statusCode === 200;
    const reader = createAnswerReader(wire, request);
    const decoder = createSseDecoder();
    const chunks: Buffer[] = [];
    let failure: Reply | undefined;
    for await (const piece of body) {
      const chunk = z.instanceof(Buffer).parse(piece);
      bytes += chunk.length;
      if (leavesAfterBytes !== undefined && bytes >= leavesAfterBytes) {
        hasLeft = true;
        break; // Destroys the body, and with it the connection.
      }
      if (!isStream) chunks.push(chunk);
      else failure ??= readAll(reader, decoder.decode(chunk));
    }
    if (hasLeft) return { kind: "cancelled" };
    if (failure !== undefined) return failure;
    if (isStream) return reader.finish(way);
    return readDocument(wire, request, statusCode, Buffer.concat(chunks).toString("utf8"), way);
  } catch (error) {
    return { kind: "lost", message: `after ${bytes} bytes: ${String(error)}` };
  } finally {
    clearTimeout(deadline);
  }
}

function readAll(reader: ReturnType<typeof createAnswerReader>, events: readonly WireEvent[]): Reply | undefined {
  try {
    for (const event of events) reader.read(event);
    return undefined;
  } catch (error) {
    return failedReply(error);
  }
}

function readDocument(wire: WireFormat, request: ModelRequest, status: number, text: string, way: string): Reply {
  const codec = getCodec(wire);
  try {
    const document = fieldsSchema.parse(JSON.parse(text));
    if (status !== 200) return failedReply(codec.decodeError(status, text));
    return { kind: "answer", response: codec.decodeResponse(document, { request }).value, ends: 1, way };
  } catch (error) {
    return failedReply(error);
  }
}
