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
  if (!hasCaptures) return [];
  const clients = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return clients.flatMap((client) =>
    readdirSync(join(folder, client.name)).flatMap((file) => requestsOf(client.name, file)),
  );
}

function requestsOf(client: string, file: string): CapturedRequest[] {
  const records = z.array(recordSchema).parse(JSON.parse(readFileSync(join(folder, client, file), "utf8")));
  return records.flatMap((record, index): CapturedRequest[] => {
    if (record.dir !== "c2s") return [];
    const isSocket = record.transport === "ws";
    const parsed = bodySchema.safeParse(isSocket ? record.message : record.body);
    if (!parsed.success || parsed.data.previous_response_id !== undefined) return [];
    const target = isSocket ? { wire: "openai-responses" as const } : targetOf(record.path ?? "");
    const body = { ...parsed.data, ...target?.address };
    if (target === undefined || body.model === undefined) return [];
    return [{ name: `${client}/${file} record ${index}`, wire: target.wire, model: body.model, body }];
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
