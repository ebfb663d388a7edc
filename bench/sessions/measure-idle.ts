import { z } from "zod";
import { startChild, type Child } from "../library/child.ts";
import { settledUsage } from "../measures/memory.ts";
import { startListener, startRouter, type RunningProcess } from "../library/start.ts";
import type { AgentOptions } from "./agent-protocol.ts";
import type { ClientLanguage } from "./measure-turns.ts";

export interface IdleSettings {
  readonly sessions: number;
  readonly language: ClientLanguage;
  /** Turns of history a conversation begins with; only a Responses client can bring them along. */
  readonly pastTurns: number;
  /** Requests of one conversation. */
  readonly requests: number;
  /** Its figure has to reach the goal; else it is shown beside. */
  readonly isJudged: boolean;
}

export interface IdleResult extends IdleSettings {
  /** Bytes of one conversation's history. */
  readonly historyBytes: number;
  /** Sockets the upstream saw open when all had come to rest. */
  readonly openSockets: number;
  /** How the last request of each conversation travelled. */
  readonly travelled: Readonly<Record<string, number>>;
  /** JavaScript heap and buffers outside it, per session and per bare socket. */
  readonly sessionBytes: number;
  readonly socketBytes: number;
  /** The first less the second: what is remembered of a conversation. */
  readonly beyondBytes: number;
}

/** Sessions of which a process is given some before it is looked at, so that compiled code and buffers that all share do not count. */
const firstSessions = 50;

/** Conversations of one command, which must be done within a minute. */
const portionSize = 25;

const filledSchema = z.object({ travelled: z.record(z.string(), z.number()), historyBytes: z.number() });

async function live(child: Child): Promise<number> {
  const { heapUsed, external } = await settledUsage(child);
  return heapUsed + external;
}

interface Grown {
  /** Live bytes of each of `count` more. */
  readonly bytes: number;
}

/** Lets `grow` make some, looks, lets it make `count` more, and looks again. */
async function growth(child: Child, count: number, grow: (from: number, to: number) => Promise<void>): Promise<Grown> {
  await grow(0, firstSessions);
  const before = await live(child);
  await grow(firstSessions, firstSessions + count);
  return { bytes: ((await live(child)) - before) / count };
}

/** The router of this measure: sockets enough, and no reason to close one that rests. */
function startRestingRouter(upstream: RunningProcess): Promise<RunningProcess> {
  const codex = {
    baseUrl: upstream.origin,
    transport: "ws",
    maxSocketsPerAccount: 8_192,
    sessions: { dialSpacingMs: 0, maxIdleMs: 3_600_000 },
    accounts: [{ accessToken: "bench", accountId: "bench" }],
  };
  return startRouter({ name: "idle-sessions", providers: { codex } });
}

const paths: Readonly<Record<ClientLanguage, string>> = { responses: "/v1/responses", chat: "/v1/chat/completions" };

/** Memory of conversations that rest, each with a history of 400 KB and a socket of its own. */
export async function measureIdle(settings: IdleSettings): Promise<IdleResult> {
  const { sessions, language, pastTurns, requests } = settings;
  const upstream = await startListener("forgetful upstream", "bench/processes/forgetful-upstream.ts", {});
  const router = await startRestingRouter(upstream);
  const clients = startChild({ name: "rememberers", program: "bench/processes/rememberers.ts" });
  const options: AgentOptions = {
    language,
    origin: router.origin,
    path: paths[language],
    headers: { "content-type": "application/json" },
    model: "codex/gpt-5.4",
    equipmentBytes: 4_000,
  };
  let historyBytes = 0;
  const travelled: Record<string, number> = {};
  const remembered = await growth(router.child, sessions, async (from, to) => {
    for (let start = from; start < to; start += portionSize) {
      const portion = { options, from: start, to: Math.min(to, start + portionSize), pastTurns, requests };
      const filled = await clients.ask(filledSchema, "fill", portion);
      historyBytes = filled.historyBytes;
      for (const [session, count] of Object.entries(filled.travelled)) {
        travelled[session] = (travelled[session] ?? 0) + count;
      }
    }
  });
  const openSockets = await upstream.child.ask(z.number(), "open");
  await Promise.all([clients.stop(), router.child.stop()]);

  const bare = startChild({ name: "idle sockets", program: "bench/processes/idle-sockets.ts" });
  const url = `${upstream.origin.replace("http:", "ws:")}/responses`;
  const sockets = await growth(bare, sessions, async (from, to) => {
    for (let start = from; start < to; start += 500) {
      const portion = { url, count: Math.min(to, start + 500) - start, frameBytes: [historyBytes, 14_000] };
      await bare.ask(z.number(), "open", portion);
    }
  });
  await Promise.all([bare.stop(), upstream.child.stop()]);
  return {
    ...settings,
    historyBytes,
    openSockets,
    travelled,
    sessionBytes: remembered.bytes,
    socketBytes: sockets.bytes,
    beyondBytes: remembered.bytes - sockets.bytes,
  };
}
