import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isJsonObject, type JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { answer, say, type AnswerStep } from "./index.ts";
import { finalResponse, openSocket, startSandbox, textOf } from "../test/harness.ts";

const corpus = resolve(process.env.TURNOUT_CORPUS ?? join(import.meta.dirname, "../../../../shared"), "captures");
const available = existsSync(corpus);

const recordsSchema = z.array(
  z.looseObject({
    dir: z.string(),
    conn: z.number().optional(),
    handshake: z.boolean().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    message: z.record(z.string(), z.json()).optional(),
  }),
);

interface Turn {
  readonly body: JsonObject;
  readonly steps: AnswerStep[];
}

interface Session {
  readonly headers: Record<string, string>;
  readonly turns: Turn[];
}

/** What the recorded server answered, as a script: the client's next message refers to its call ids. */
function stepOf(item: JsonObject): AnswerStep[] {
  const callId = textOf(item.call_id);
  const place = typeof item.namespace === "string" ? { namespace: item.namespace } : {};
  switch (item.type) {
    case "message":
      return [say.text("Recorded.")];
    case "reasoning":
      return [say.reasoning("Recorded.")];
    case "function_call":
      return [say.call(textOf(item.name), textOf(item.arguments), { callId, ...place })];
    case "custom_tool_call":
      return [say.customCall(textOf(item.name), textOf(item.input), { callId, ...place })];
    default:
      return [];
  }
}

function sessionsOf(file: string): Session[] {
  const sessions = new Map<number, Session>();
  for (const { dir, conn, handshake, headers, message } of recordsSchema.parse(
    JSON.parse(readFileSync(file, "utf8")),
  )) {
    if (conn === undefined) continue;
    if (handshake === true && dir === "c2s") sessions.set(conn, { headers: headers ?? {}, turns: [] });
    const turns = sessions.get(conn)?.turns;
    if (dir === "c2s" && message !== undefined) turns?.push({ body: message, steps: [] });
    const item = message?.type === "response.output_item.done" ? message.item : undefined;
    if (dir === "s2c" && isJsonObject(item)) turns?.at(-1)?.steps.push(...stepOf(item));
  }
  return [...sessions.values()];
}

/** Identity of the recorded client; token, account and hints are the sandbox's business. */
function identityOf(headers: Record<string, string>): Record<string, string> {
  const kept = new Set(["originator", "user-agent", "version", "session-id", "thread-id", "x-codex-turn-metadata"]);
  const lower = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  return Object.fromEntries(lower.filter(([name]) => kept.has(name)));
}

async function replay({ headers, turns }: Session): Promise<void> {
  const sandbox = await startSandbox();
  const socket = await openSocket(sandbox, sandbox.createAccount(), { headers: identityOf(headers) });
  let latest: unknown;
  for (const { body, steps } of turns) {
    if (body.generate !== false) sandbox.script({ answer: answer(...steps) });
    const model = body.model === "mock-model" ? { model: "gpt-5.4" } : {};
    const previous = body.previous_response_id === undefined ? {} : { previous_response_id: latest };
    socket.send({ ...body, ...model, ...previous });
    const events = await socket.answer();
    expect(events.at(-1)?.error, JSON.stringify(events.at(-1))).toBeUndefined();
    latest = finalResponse(events).id;
  }
}

describe.skipIf(!available)("recorded sessions of real clients run against the sandbox", () => {
  test.each([
    ["codex/ws-tool-turn", 3],
    ["codex/lite-ws", 3],
    ["codex/app-two-turns-ws", 3],
    ["codex/chatgpt-login-ws", 3],
    ["codex/builtin-apikey-ws", 3],
    ["pi/codex-websocket-cached", 2],
  ])("%s", async (name, turns) => {
    const sessions = sessionsOf(join(corpus, `${name}.json`)).filter((session) => session.turns.length > 0);
    expect(sessions.flatMap((session) => session.turns).length).toBeGreaterThanOrEqual(turns);
    for (const session of sessions) await replay(session);
  });
});
