import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { isJsonObject, type JsonObject, type JsonValue, type WireEvent } from "@turnout/core";
import { formatSse, sniffEventType } from "@turnout/translator";

/** The folder with recordings and captures: beside the repository, or where `TURNOUT_CORPUS` points. */
const root = process.env["TURNOUT_CORPUS"] ?? fileURLToPath(new URL("../../../../shared", import.meta.url));

/** Whether the corpus is there; without it the laws are skipped by name. */
export const hasCorpus = existsSync(`${root}/fixtures/manifest.json`);

/** One body of a recording. */
export interface Recorded<T> {
  /** The file, for test names. */
  readonly name: string;
  readonly value: T;
}

export interface RecordedError {
  readonly status: number;
  readonly text: string;
}

/** All bodies of some folders of the corpus. */
export interface Recordings {
  readonly requests: readonly Recorded<JsonObject>[];
  /** Whole answers. */
  readonly answers: readonly Recorded<JsonObject>[];
  /** Streams as Server-Sent Event text. */
  readonly streams: readonly Recorded<string>[];
  readonly errors: readonly Recorded<RecordedError>[];
}

interface Exchange {
  readonly request: string | null;
  readonly response: string | null;
  readonly status: number | null;
}

function parse(text: string): JsonValue {
  return JSON.parse(text);
}

function read(path: string): string {
  return readFileSync(`${root}/fixtures/${path}`, "utf8");
}

/** A chunks file holds the `data` of one event a line; the rest of the grammar is put back (fixtures README). */
function chunksToSse(text: string, format: string): string {
  const isNamed = format.includes("responses") || format.includes("anthropic");
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const events = lines.map((data): WireEvent => ({ type: isNamed ? sniffEventType(data) : "", data }));
  const end = format.includes("chat") ? "data: [DONE]\n\n" : "";
  return events.map((event) => formatSse(event, isNamed)).join("") + end;
}

function exchangesOf(format: string): Exchange[] {
  const manifest = parse(read("manifest.json"));
  if (!Array.isArray(manifest)) return [];
  return manifest.filter(isJsonObject).flatMap((recording) => {
    if (recording["format"] !== format || !Array.isArray(recording["exchanges"])) return [];
    return recording["exchanges"].filter(isJsonObject).map((exchange) => ({
      request: typeof exchange["request"] === "string" ? exchange["request"] : null,
      response: typeof exchange["response"] === "string" ? exchange["response"] : null,
      status: typeof exchange["status"] === "number" ? exchange["status"] : null,
    }));
  });
}

function isErrorDocument(value: JsonObject): boolean {
  return value["error"] !== undefined && value["error"] !== null && value["output"] === undefined;
}

/** Reads every recording of the given formats. Empty when the corpus is missing. */
export function loadRecordings(formats: readonly string[]): Recordings {
  const requests: Recorded<JsonObject>[] = [];
  const answers: Recorded<JsonObject>[] = [];
  const streams: Recorded<string>[] = [];
  const errors: Recorded<RecordedError>[] = [];
  for (const format of hasCorpus ? formats : []) {
    for (const { request, response, status } of exchangesOf(format)) {
      const body = request === null ? undefined : parse(read(request));
      const isOk = status === null || status < 400;
      if (request !== null && isJsonObject(body) && isOk) requests.push({ name: request, value: body });
      if (response === null) continue;
      const text = read(response);
      if (!isOk) {
        errors.push({ name: response, value: { status, text } });
      } else if (response.endsWith(".sse")) {
        streams.push({ name: response, value: text });
      } else if (response.endsWith(".chunks.txt") || response.endsWith(".response.jsonl")) {
        streams.push({ name: response, value: chunksToSse(text, format) });
      } else if (response.endsWith(".json")) {
        const value = parse(text);
        if (Array.isArray(value)) {
          // A Gemini stream without `alt=sse`: a list of what would be its events.
          const lines = value.map((chunk: JsonValue) => JSON.stringify(chunk)).join("\n");
          streams.push({ name: response, value: chunksToSse(lines, format) });
        }
        if (!isJsonObject(value)) continue;
        if (isErrorDocument(value)) errors.push({ name: response, value: { status: 400, text } });
        else answers.push({ name: response, value });
      }
    }
  }
  return { requests, answers, streams, errors };
}

/**
 * Bodies that real client programs sent, over HTTP and WebSocket.
 *
 * @param isWanted - Picks the bodies of one format; `path` is empty for messages over WebSocket.
 */
export function loadCapturedRequests(isWanted: (body: JsonObject, path: string) => boolean): Recorded<JsonObject>[] {
  const found: Recorded<JsonObject>[] = [];
  if (!existsSync(`${root}/captures`)) return found;
  for (const client of readdirSync(`${root}/captures`, { withFileTypes: true })) {
    if (!client.isDirectory()) continue;
    for (const file of readdirSync(`${root}/captures/${client.name}`)) {
      const records = parse(readFileSync(`${root}/captures/${client.name}/${file}`, "utf8"));
      if (!Array.isArray(records)) continue;
      for (const [index, record] of records.entries()) {
        if (!isJsonObject(record) || record["dir"] !== "c2s") continue;
        const body = record["message"] ?? record["body"];
        const path = typeof record["path"] === "string" ? record["path"] : "";
        if (isJsonObject(body) && isWanted(body, path)) {
          found.push({ name: `${client.name}/${file}#${index}`, value: body });
        }
      }
    }
  }
  return found;
}
