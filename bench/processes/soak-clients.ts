/** Many conversations at once, in all languages, whose clients know what they have to hear. */
import { wireFormats, type Turn } from "@turnout/core";
import { Pool } from "undici";
import { z } from "zod";
import { createRandom } from "../library/random.ts";
import { serveCommands } from "../library/serve-commands.ts";
import { askHttp } from "../soak/ask-http.ts";
import { createSocketClient, takesSockets, type SocketClient } from "../soak/ask-socket.ts";
import { judge, type Reply } from "../soak/judge.ts";
import type { ClientReport, Incident, SoakClient, SoakOutcome } from "../soak/soak-protocol.ts";
import { assistantTurn, planTurn, requestOf, toolTurn, userTurn, type TurnPlan } from "../soak/turn-plan.ts";

const startSchema = z.object({
  origin: z.string(),
  seed: z.int(),
  concurrency: z.int().positive(),
  milliseconds: z.number().positive(),
});

const mostIncidents = 5_000;
const mostTurns = 10;
/** Milliseconds a person, or a tool, takes between two turns at most. */
const mostPauseMs = 150;
/** Of conversations whose client names them, as some do. */
const namedShare = 0.5;
/** Of turns after which the client goes back to an earlier one and goes on from there. */
const branchShare = 0.1;

const report: ClientReport = {
  counts: { right: 0, failed: 0, cancelled: 0, lost: 0, doubled: 0, wrong: 0 },
  byClient: {},
  byWay: {},
  incidents: [],
};

function count(client: SoakClient, plan: TurnPlan, outcome: SoakOutcome, message = "", code?: string): void {
  report.counts[outcome] += 1;
  report.byClient[client] = (report.byClient[client] ?? 0) + 1;
  if (outcome === "right" || outcome === "cancelled" || report.incidents.length >= mostIncidents) return;
  const incident: Incident = { mark: plan.mark, client, outcome, message, ...(code === undefined ? {} : { code }) };
  report.incidents.push(incident);
}

/** One user turn that ended well, and all that was said in it. */
interface Spoken {
  readonly turn: number;
  readonly turns: readonly Turn[];
}

type Headers = Readonly<Record<string, string>>;

interface Speaker {
  readonly client: SoakClient;
  ask(turns: readonly Turn[], plan: TurnPlan): Promise<Reply>;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Says one thing and hears the answer, a tool in between included; undefined when it did not end well. */
async function speak(speaker: Speaker, past: readonly Turn[], plan: TurnPlan): Promise<readonly Turn[] | undefined> {
  const said: Turn[] = [userTurn(plan.text)];
  for (const wantsCall of plan.call === undefined ? [false] : [true, false]) {
    const reply = await speaker.ask([...past, ...said], plan);
    if (reply.kind !== "answer") {
      if (reply.kind === "failed") count(speaker.client, plan, "failed", reply.message, reply.code);
      else count(speaker.client, plan, reply.kind, reply.kind === "lost" ? reply.message : "");
      return undefined;
    }
    report.byWay[reply.way] = (report.byWay[reply.way] ?? 0) + 1;
    const verdict = judge(plan, reply, wantsCall);
    if (verdict.outcome !== "right") {
      count(speaker.client, plan, verdict.outcome, verdict.message);
      return undefined;
    }
    count(speaker.client, plan, "right");
    said.push(assistantTurn(reply.response.blocks));
    if (verdict.call !== undefined) said.push(toolTurn(verdict.call.callId, plan.toolOutput));
  }
  return said;
}

let lastConversation = 0;

async function converse(
  speaker: Speaker,
  conversation: number,
  random: () => number,
  isOver: () => boolean,
): Promise<void> {
  const turns = 1 + Math.floor(random() * mostTurns);
  let spoken: Spoken[] = [];
  for (let turn = 1; turn <= turns && !isOver(); turn += 1) {
    if (random() < branchShare) spoken = spoken.slice(0, Math.floor(random() * spoken.length));
    const plan = planTurn(random, { conversation, turn, before: spoken.map((each) => each.turn) });
    const past = spoken.flatMap((each) => each.turns);
    const said = await speak(speaker, past, plan);
    if (said !== undefined) spoken.push({ turn, turns: said });
    await pause(random() * mostPauseMs);
  }
}

function createSpeaker(client: SoakClient, pool: Pool, headers: Headers, socket: SocketClient): Speaker {
  return {
    client,
    ask: (turns, { stream, leavesAfterBytes }) =>
      client === "websocket"
        ? socket.ask(requestOf(turns, true), leavesAfterBytes)
        : askHttp(pool, headers, client, requestOf(turns, stream), leavesAfterBytes),
  };
}

let work: Promise<unknown> = Promise.resolve();

serveCommands({
  /** Begins, and says which clients take part. */
  async start(parameters) {
    const { origin, seed, concurrency, milliseconds } = startSchema.parse(parameters);
    const clients: readonly SoakClient[] = (await takesSockets(origin)) ? [...wireFormats, "websocket"] : wireFormats;
    const pool = new Pool(origin, { connections: 2 * concurrency, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
    const endsAt = performance.now() + milliseconds;
    const isOver = () => performance.now() >= endsAt;
    const worker = async (_: unknown, index: number) => {
      const random = createRandom(seed * 1_000 + index);
      while (!isOver()) {
        const client = clients[Math.floor(random() * clients.length)] ?? "openai-chat";
        lastConversation += 1;
        const conversation = lastConversation;
        const headers: Headers = random() < namedShare ? { "session-id": `soak-${seed}-${conversation}` } : {};
        const socket = createSocketClient(origin, headers);
        await converse(createSpeaker(client, pool, headers, socket), conversation, random, isOver);
        socket.close();
      }
    };
    work = Promise.all(Array.from({ length: concurrency }, worker)).then(() => pool.close());
    work.catch(() => undefined); // Whoever waits for it gets the failure.
    return clients;
  },
  report: () => report,
  /** Waits for the last answers. */
  async finish() {
    await work;
    return report;
  },
});
