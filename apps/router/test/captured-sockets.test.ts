import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Scenario } from "@turnout/sandbox";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { openSocket } from "./support/client-socket.ts";
import { startTestRouter } from "./support/running-router.ts";
import { type UpstreamWay, upstreamWays } from "./support/upstream-table.ts";

const corpus = resolve(import.meta.dirname, "../../..", process.env["TURNOUT_CORPUS"] ?? "../shared");
const folder = join(corpus, "captures");

const itemSchema = z.looseObject({
  type: z.string(),
  call_id: z.string().optional(),
  name: z.string().default(""),
  namespace: z.string().optional(),
  arguments: z.string().default(""),
  input: z.string().default(""),
});
const recordsSchema = z.array(
  z.looseObject({
    dir: z.string(),
    conn: z.number().optional(),
    handshake: z.boolean().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    message: z.looseObject({ type: z.string(), item: itemSchema.optional() }).optional().catch(undefined),
  }),
);

type Steps = NonNullable<NonNullable<Scenario["answer"]>["steps"]>[number][];

/** One socket of a recorded client: what it sent, and how it was answered each time. */
interface RecordedSocket {
  readonly headers: Readonly<Record<string, string>>;
  readonly turns: { readonly message: Readonly<Record<string, unknown>>; readonly steps: Steps }[];
}

function recordedSockets(name: string): RecordedSocket[] {
  const sockets = new Map<number, RecordedSocket>();
  for (const record of recordsSchema.parse(JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")))) {
    const { dir, conn, handshake, headers, message } = record;
    if (conn === undefined) continue;
    if (dir === "c2s" && handshake === true) sockets.set(conn, { headers: identityOf(headers ?? {}), turns: [] });
    const turns = sockets.get(conn)?.turns;
    if (dir === "c2s" && message !== undefined) turns?.push({ message, steps: [] });
    if (dir === "s2c" && message?.item !== undefined && message.type === "response.output_item.done") {
      turns?.at(-1)?.steps.push(...stepsOf(message.item));
    }
  }
  return [...sockets.values()].filter((socket) => socket.turns.length > 0);
}

/** All of the head but what belongs to the recorded connection. */
function identityOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  const own = /^(?:host|connection|upgrade|sec-websocket-.*|authorization)$/;
  return Object.fromEntries(entries.filter(([name]) => !own.test(name)));
}

/** The recorded answer: the client's next message refers to its calls. */
function stepsOf({
  type,
  call_id: callId,
  name,
  namespace,
  arguments: text,
  input,
}: z.output<typeof itemSchema>): Steps {
  const place = { ...(namespace === undefined ? {} : { namespace }), ...(callId === undefined ? {} : { callId }) };
  if (type === "message") return [{ type: "text", text: "Recorded." }];
  if (type === "reasoning") return [{ type: "reasoning", summary: ["Recorded."] }];
  if (type === "function_call") return [{ type: "function-call", name, arguments: text, ...place }];
  return type === "custom_tool_call" ? [{ type: "custom-tool-call", name, input, ...place }] : [];
}

/** The form of a request follows from its model, so it is asked for where there is one of that name. */
function modelFor(message: Readonly<Record<string, unknown>>, way: UpstreamWay): string {
  const { model } = message;
  const isKnown = typeof model === "string" && model !== "mock-model" && way.model.startsWith("codex/");
  return isKnown ? `codex/${model}` : way.model;
}

async function replay({ headers, turns }: RecordedSocket, way: UpstreamWay): Promise<number> {
  const { url, sandbox } = await startTestRouter(way.options);
  const client = await openSocket(url, { headers });
  let latest = "";
  for (const { message, steps } of turns) {
    if (message["generate"] !== false) sandbox.script({ answer: { steps } });
    const previous = message["previous_response_id"] === undefined ? {} : { previous_response_id: latest };
    const { last, id, items } = await client.ask({ ...message, model: modelFor(message, way), ...previous });
    expect(last.error ?? last.type, JSON.stringify(last)).toBe("response.completed");
    expect(items.filter((item) => item.type.endsWith("_call")).map((item) => item.call_id)).toEqual(
      steps.flatMap((step) => ("callId" in step ? [step.callId] : [])),
    );
    latest = id;
  }
  return turns.length;
}

/** Those that go on by ids; in the others stands reasoning that only the recorded server can read. */
const sessions: readonly [name: string, turns: number][] = [
  ["codex/ws-tool-turn", 3],
  ["codex/lite-ws", 3],
  ["codex/app-two-turns-ws", 5],
  ["codex/chatgpt-login-ws", 3],
  ["codex/builtin-apikey-ws", 3],
  ["pi/codex-websocket-cached", 2],
  ["openai-sdk/responses-ws-tools", 2],
];

const ways = upstreamWays.filter((way) => ["codex-ws", "codex-http", "anthropic-messages"].includes(way.name));

describe.each(ways)("the sockets of real clients, recorded, onto $name", (way) => {
  test.skipIf(!existsSync(folder)).each(sessions)("%s", async (name, turns) => {
    let replayed = 0;
    for (const socket of recordedSockets(name)) replayed += await replay(socket, way);
    expect(replayed).toBe(turns);
  });
});
