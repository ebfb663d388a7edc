import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createMinter } from "../minter.ts";
import { findModel } from "../models.ts";
import { checkCodexRequest } from "./check-request.ts";
import { parseResponsesRequest, type InputItem } from "./request-schema.ts";

const corpus = resolve(process.env.TURNOUT_CORPUS ?? join(import.meta.dirname, "../../../../../shared"), "captures");
const minter = createMinter(1);
const accountId = "acct-0001";

const recordsSchema = z.array(
  z.looseObject({
    dir: z.string(),
    path: z.string().optional(),
    conn: z.number().optional(),
    handshake: z.boolean().optional(),
    headers: z.record(z.string(), z.unknown()).optional(),
    body: z.unknown().optional(),
    message: z.unknown().optional(),
  }),
);

interface Captured {
  readonly transport: "ws" | "http";
  readonly headers: Record<string, string>;
  readonly body: Record<string, unknown>;
}

function lowerCase(headers: Record<string, unknown> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What one client sent to `/responses`, without the continuations: their input is on the other side. */
function requestsOf(file: string): Captured[] {
  const records = recordsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const handshakes = new Map<number, Record<string, string>>();
  return records.flatMap(({ dir, path, conn, handshake, headers, body, message }): Captured[] => {
    if (dir !== "c2s") return [];
    if (handshake === true && conn !== undefined) handshakes.set(conn, lowerCase(headers));
    if (isObject(message) && conn !== undefined && message.previous_response_id === undefined) {
      return [{ transport: "ws", headers: handshakes.get(conn) ?? {}, body: message }];
    }
    const isRequest = path?.split("?")[0]?.endsWith("/responses") === true && isObject(body);
    return isRequest ? [{ transport: "http", headers: lowerCase(headers), body }] : [];
  });
}

/** The mock's payloads were not made here; the rule about them has its own tests. */
function withOurPayloads(input: readonly InputItem[]): InputItem[] {
  return input.map((item) =>
    typeof item.encrypted_content === "string"
      ? { ...item, encrypted_content: minter.payload(minter.token(accountId), "done", 0, 80) }
      : item,
  );
}

const folder = join(corpus, "codex");
const files = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
const pi = ["codex-sse", "codex-websocket", "codex-websocket-cached"].map((name) => join(corpus, "pi", `${name}.json`));

describe.skipIf(files.length === 0)("checkCodexRequest() accepts what the real clients sent", () => {
  test("they are many", () => {
    expect([...files, ...pi].flatMap(requestsOf).length).toBeGreaterThan(100);
  });

  test.each([...files, ...pi])("%s", (file) => {
    for (const { transport, headers, body } of requestsOf(file)) {
      const known = findModel(String(body.model)) === undefined ? { ...body, model: "gpt-5.4" } : body;
      const parsed = parseResponsesRequest(JSON.parse(JSON.stringify(known)));
      expect(parsed).toMatchObject({ ok: true });
      if (!parsed.ok) continue;
      const { request } = parsed;
      const input = withOurPayloads(request.input);
      const { "x-codex-routing-hint": _hint, ...rest } = headers;
      expect(checkCodexRequest({ request, input, transport, headers: rest, accountId, minter })).toBeUndefined();
    }
  });
});
