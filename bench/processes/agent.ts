/**
 * A coding agent: it sends its whole history with every turn, as clients of stateless APIs do, and tells how long each took. One
 * conversation at a time.
 */
import { createSseDecoder } from "@turnout/translator";
import { Pool, type Dispatcher } from "undici";
import { z } from "zod";
import { serveCommands } from "../library/serve-commands.ts";
import { createAgentLanguage, type AgentLanguage, type Call } from "../sessions/agent-language.ts";
import { agentOptionsSchema, type AgentOptions, type TurnResult } from "../sessions/agent-protocol.ts";
import { toolOutput, userText } from "../sessions/agent-script.ts";

interface Conversation {
  readonly options: AgentOptions;
  readonly language: AgentLanguage;
  turn: number;
  calls: readonly Call[];
}

const pools = new Map<string, Pool>();

function poolFor(origin: string): Pool {
  const known = pools.get(origin);
  if (known !== undefined) return known;
  const pool = new Pool(origin, { connections: 1, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  pools.set(origin, pool);
  return pool;
}

/** Sends one request and reads its stream; `onEvent` hears every event. */
function send(
  { origin, path, headers }: AgentOptions,
  body: string,
  onChunk: (chunk: Buffer) => void,
): Promise<Dispatcher.ResponseData["headers"]> {
  return new Promise((resolve, reject) => {
    let answerHeaders: Dispatcher.ResponseData["headers"] = {};
    let status = 0;
    let refusal = "";
    poolFor(origin).dispatch(
      { path, method: "POST", headers, body },
      {
        onRequestStart() {},
        onResponseStart(_controller, answered, fields) {
          status = answered;
          answerHeaders = fields;
        },
        onResponseData(_controller, chunk) {
          if (status === 200) onChunk(chunk);
          else refusal += chunk.toString("utf8");
        },
        onResponseEnd() {
          if (status === 200) resolve(answerHeaders);
          else reject(new Error(`${origin}${path} answered ${status}: ${refusal.slice(0, 500)}`));
        },
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

const headersSchema = z.looseObject({
  "x-turnout-session": z.string().optional(),
  "x-turnout-transport": z.string().optional(),
});

async function takeTurn(conversation: Conversation): Promise<TurnResult> {
  const { options, language, turn } = conversation;
  const text = userText(turn);
  for (const { callId } of conversation.calls) language.addToolOutput(callId, toolOutput(turn));
  if (text !== undefined) language.addUserText(text);
  const historyBytes = language.historyBytes();
  const body = JSON.stringify(language.body());
  const decoder = createSseDecoder();
  let firstEventMs: number | undefined;
  const startedAt = performance.now();
  const headers = headersSchema.parse(
    await send(options, body, (chunk) => {
      for (const event of decoder.decode(chunk)) {
        firstEventMs ??= performance.now() - startedAt;
        language.read(event);
      }
    }),
  );
  const turnMs = performance.now() - startedAt;
  conversation.calls = language.finish();
  conversation.turn += 1;
  const { "x-turnout-session": session, "x-turnout-transport": transport } = headers;
  return {
    firstEventMs: firstEventMs ?? turnMs,
    turnMs,
    requestBytes: Buffer.byteLength(body),
    historyBytes,
    ...(session === undefined ? {} : { session }),
    ...(transport === undefined ? {} : { transport }),
  };
}

let current: Conversation | undefined;

serveCommands({
  /** Starts a conversation; the one before is forgotten. */
  begin(parameters) {
    const options = agentOptionsSchema.parse(parameters);
    current = { options, language: createAgentLanguage(options), turn: 0, calls: [] };
    return null;
  },
  turn() {
    if (current === undefined) throw new Error("Cannot take a turn: no conversation has begun");
    return takeTurn(current);
  },
});
