import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { ClientWire } from "./ask.ts";

const corpus = resolve(import.meta.dirname, "../../../..", process.env["TURNOUT_CORPUS"] ?? "../shared");
const folder = join(corpus, "captures");

/** Whether the recordings are on this machine; tests that need them are skipped by name elsewhere. */
export const hasCaptures = existsSync(folder);

const recordSchema = z.looseObject({
  dir: z.string(),
  transport: z.string().optional(),
  path: z.string().optional(),
  body: z.unknown().optional(),
  message: z.unknown().optional(),
});
const bodySchema = z.looseObject({ model: z.string().optional(), previous_response_id: z.string().optional() });

/** A request of a real client, with what Gemini says in the address put into the body, as the tests' `post` takes it. */
export interface CapturedRequest {
  readonly name: string;
  readonly wire: ClientWire;
  readonly model: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Every request in one of the four formats: HTTP bodies, and WebSocket messages that stand alone. */
export function capturedRequests(): CapturedRequest[] {
  return capturedFiles().flatMap(({ name, records }) => requestsOf(name, records));
}

type CapturedRecord = z.output<typeof recordSchema>;

function capturedFiles(): { readonly name: string; readonly records: readonly CapturedRecord[] }[] {
  if (!hasCaptures) return [];
  const clients = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return clients.flatMap((client) =>
    readdirSync(join(folder, client.name)).map((file) => {
      const text = readFileSync(join(folder, client.name, file), "utf8");
      return { name: `${client.name}/${file}`, records: z.array(recordSchema).parse(JSON.parse(text)) };
    }),
  );
}

/** A body as it travelled, coded, and what is in it. */
export interface CapturedCodedBody {
  readonly name: string;
  readonly path: string;
  readonly encoding: string;
  readonly bytes: Buffer;
  readonly body: Readonly<Record<string, unknown>>;
}

const codedSchema = z.object({
  path: z.string(),
  content_encoding: z.string(),
  wire_b64: z.string(),
  body: z.looseObject({ model: z.string() }),
});

/** Every request body that a client sent in a `content-encoding`. */
export function capturedCodedBodies(): CapturedCodedBody[] {
  return capturedFiles().flatMap(({ name, records }) =>
    records.flatMap((record, index) => {
      const { data } = codedSchema.safeParse(record);
      if (data === undefined) return [];
      const { path, content_encoding: encoding, wire_b64: text, body } = data;
      return [{ name: `${name} record ${index}`, path, encoding, bytes: Buffer.from(text, "base64"), body }];
    }),
  );
}

function requestsOf(file: string, records: readonly CapturedRecord[]): CapturedRequest[] {
  return records.flatMap((record, index): CapturedRequest[] => {
    if (record.dir !== "c2s") return [];
    const isSocket = record.transport === "ws";
    const parsed = bodySchema.safeParse(isSocket ? record.message : record.body);
    if (!parsed.success || parsed.data.previous_response_id !== undefined) return [];
    const target = isSocket ? { wire: "openai-responses" as const } : targetOf(record.path ?? "");
    const body = { ...parsed.data, ...target?.address };
    if (target === undefined || body.model === undefined) return [];
    return [{ name: `${file} record ${index}`, wire: target.wire, model: body.model, body }];
  });
}

interface Target {
  readonly wire: ClientWire;
  readonly address?: { readonly model: string; readonly stream: boolean };
}

function targetOf(pathAndQuery: string): Target | undefined {
  const [path = ""] = pathAndQuery.split("?");
  if (path.endsWith("/chat/completions")) return { wire: "openai-chat" };
  if (path.endsWith("/responses")) return { wire: "openai-responses" };
  if (path.endsWith("/messages")) return { wire: "anthropic-messages" };
  const [, model, method] = /\/models\/([^/:]+):(generateContent|streamGenerateContent)$/.exec(path) ?? [];
  if (model === undefined || path.includes("v1internal")) return undefined;
  return { wire: "gemini", address: { model, stream: method === "streamGenerateContent" } };
}
