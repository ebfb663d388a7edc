import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import { request } from "undici";
import type { Sandbox, SandboxOptions } from "../src/index.ts";
import { collect, startSandbox, type Headers } from "./harness.ts";

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON; undefined for a stream. */
  readonly json: JsonValue | undefined;
  /** Parsed `data:` lines, or the elements of an array. */
  readonly events: readonly JsonObject[];
  /** Names of `event:` lines. */
  readonly names: readonly string[];
  /** Pieces in which the body came. */
  readonly chunks: number;
  /** The connection broke before the end. */
  readonly broken: boolean;
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function linesOf(text: string, head: string): string[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.startsWith(head))
    .map((line) => line.slice(head.length));
}

export interface AskOptions {
  readonly method?: "DELETE" | "GET" | "POST";
  readonly headers?: Headers;
  readonly signal?: AbortSignal;
}

/** One request; a broken connection after the headers is an answer, too. */
export async function ask(url: string, body: unknown, options: AskOptions = {}): Promise<WireAnswer> {
  const { method = body === undefined ? "GET" : "POST", headers = {}, signal } = options;
  const answer = await request(url, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const { text, broken, chunks } = await collect(answer.body);
  const isSse = String(answer.headers["content-type"]).startsWith("text/event-stream");
  const json = isSse ? undefined : parse(text);
  const values = isSse ? linesOf(text, "data: ").map(parse) : Array.isArray(json) ? json : [];
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text,
    json,
    events: values.filter(isJsonObject),
    names: linesOf(text, "event: "),
    chunks,
    broken,
  };
}

/** A sandbox with one key. */
export async function startWithKey(options: SandboxOptions = {}): Promise<{ sandbox: Sandbox; apiKey: string }> {
  const sandbox = await startSandbox(options);
  return { sandbox, apiKey: sandbox.createAccount({ apiKey: true }).apiKey };
}

/** A value somewhere inside JSON: `dig(answer.json, "content", 0, "text")`. */
export function dig(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => {
    if (Array.isArray(inner)) return inner[Number(key)];
    return isJsonObject(inner) ? inner[String(key)] : undefined;
  }, value);
}

export function object(value: unknown): JsonObject {
  if (!isJsonObject(value)) throw new TypeError(`Expected a JSON object, got ${JSON.stringify(value)}`);
  return value;
}

export function list(value: unknown): readonly JsonValue[] {
  if (!Array.isArray(value)) throw new TypeError(`Expected a list, got ${JSON.stringify(value)}`);
  return value;
}
