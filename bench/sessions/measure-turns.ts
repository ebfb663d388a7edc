import { z } from "zod";
import { startChild, type Child } from "../library/child.ts";
import { upstreamTime } from "../library/passage.ts";
import { median } from "../library/statistics.ts";
import { startRouter, type RunningProcess, type Upstream } from "../library/start.ts";
import { directTarget } from "../ways.ts";
import { modelAnswer, turns } from "./agent-script.ts";
import { turnResultSchema, type AgentOptions, type TurnResult } from "./agent-protocol.ts";
import { startFarUpstream, type FarUpstream } from "./far-upstream.ts";
import { readTraffic, type LoggedTraffic } from "./logged-traffic.ts";

export const clientLanguages = ["responses", "chat"] as const;
export type ClientLanguage = (typeof clientLanguages)[number];

/** The three ways of the router, and none. */
export const ways = ["direct", "http", "fresh", "sessions"] as const;
export type Way = (typeof ways)[number];

/** One request and its answer. */
export interface Turn extends TurnResult {
  /** What the upstream itself took of it. */
  readonly upstreamFirstMs: number;
  readonly upstreamMs: number;
  /** Bytes that went towards the upstream, TLS included, until the next turn began. */
  readonly sentBytes: number;
  readonly connections: number;
}

export interface Conversation {
  readonly language: ClientLanguage;
  readonly way: Way;
  readonly equipmentBytes: number;
  readonly turns: readonly Turn[];
}

export interface WayResult {
  readonly language: ClientLanguage;
  readonly way: Way;
  readonly conversations: readonly Conversation[];
  /** What the router itself logged of its requests; warm-up included. */
  readonly logged: readonly LoggedTraffic[];
}

export interface TurnSettings {
  readonly roundTripMs: number;
  /** Conversations of each way that are measured, and before, without delay, until the code is compiled. */
  readonly rounds: number;
  readonly warmUpRounds: number;
  /** Bytes of instructions and tools, and of a heavier agent whose bytes alone are looked at. */
  readonly equipmentBytes: number;
  readonly heavyEquipmentBytes: number;
}

/** Settings of the provider `codex` that make a router go one of the ways. */
const settingsOf: Readonly<Record<Exclude<Way, "direct">, object>> = {
  http: { transport: "http" },
  // A socket for each request, without waiting for the next one.
  fresh: { transport: "ws", sessions: { reuse: false, dialSpacingMs: 0 } },
  sessions: { transport: "ws" },
};

function providersOf(upstream: Upstream, way: Exclude<Way, "direct">): Readonly<Record<string, unknown>> {
  const { origin, path, accessToken, accountId } = upstream;
  return { codex: { ...settingsOf[way], baseUrl: `${origin}${path}`, accounts: [{ accessToken, accountId }] } };
}

const paths: Readonly<Record<ClientLanguage, string>> = { responses: "/v1/responses", chat: "/v1/chat/completions" };

function agentOptions(
  { upstream }: FarUpstream,
  language: ClientLanguage,
  router: RunningProcess | undefined,
  equipmentBytes: number,
): AgentOptions {
  if (router === undefined) {
    const { origin, path, headers } = directTarget(upstream, "long");
    return { language, origin, path, headers, model: "gpt-5.4", equipmentBytes };
  }
  const headers = { "content-type": "application/json" };
  return { language, origin: router.origin, path: paths[language], headers, model: "codex/gpt-5.4", equipmentBytes };
}

/** Time for what is under way to arrive before bytes are counted. */
function arrival(roundTripMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, roundTripMs + 20));
}

interface ConversationOptions {
  readonly far: FarUpstream;
  readonly agent: Child;
  readonly options: AgentOptions;
  readonly roundTripMs: number;
}

async function converse({ far, agent, options, roundTripMs }: ConversationOptions): Promise<Turn[]> {
  const scenarios = Array.from({ length: turns }, (_, turn) => ({ answer: modelAnswer(turn) }));
  await far.sandbox.child.ask(z.null(), "script", { scenarios });
  await agent.ask(z.null(), "begin", options);
  await arrival(roundTripMs);
  const results: Omit<Turn, "sentBytes" | "connections">[] = [];
  const counts = [await far.counted()];
  for (let turn = 0; turn < turns; turn += 1) {
    await far.passages();
    const result = await agent.ask(turnResultSchema, "turn");
    const { firstMs, wholeMs } = upstreamTime(await far.passages());
    results.push({ ...result, upstreamFirstMs: firstMs, upstreamMs: wholeMs });
    if (turn === turns - 1) await arrival(roundTripMs);
    counts.push(await far.counted());
  }
  return results.map((result, index) => {
    const [before, after] = [counts[index], counts[index + 1]];
    return {
      ...result,
      sentBytes: (after?.sentBytes ?? 0) - (before?.sentBytes ?? 0),
      connections: (after?.connections ?? 0) - (before?.connections ?? 0),
    };
  });
}

interface Runner {
  readonly language: ClientLanguage;
  readonly way: Way;
  readonly router: RunningProcess | undefined;
  readonly agent: Child;
  readonly conversations: Conversation[];
}

async function startRunner(far: FarUpstream, language: ClientLanguage, way: Way): Promise<Runner> {
  const { environment } = far;
  const name = `${way}-${language}`;
  const router =
    way === "direct" ? undefined : await startRouter({ name, providers: providersOf(far.upstream, way), environment });
  const agent = startChild({ name: `agent-${name}`, program: "bench/processes/agent.ts", environment });
  return { language, way, router, agent, conversations: [] };
}

/** Conversations of the scripted agent over every way, in turning order. */
export async function measureTurns(settings: TurnSettings, progress: (line: string) => void): Promise<WayResult[]> {
  const { roundTripMs, rounds, warmUpRounds, equipmentBytes, heavyEquipmentBytes } = settings;
  const far = await startFarUpstream();
  const runners: Runner[] = [];
  for (const language of clientLanguages) {
    // Only a client of the upstream's own language can go without a router.
    for (const way of language === "responses" ? ways : ways.filter((name) => name !== "direct")) {
      runners.push(await startRunner(far, language, way));
    }
  }
  const run = async ({ language, way, router, agent }: Runner, bytes: number, delay: number): Promise<Conversation> => {
    const options = agentOptions(far, language, router, bytes);
    return {
      language,
      way,
      equipmentBytes: bytes,
      turns: await converse({ far, agent, options, roundTripMs: delay }),
    };
  };

  progress("Warming up the ways of a session");
  for (let round = 0; round < warmUpRounds; round += 1) {
    for (const runner of runners) await run(runner, equipmentBytes, 0);
  }
  progress(`An agent of ${turns} turns, the upstream ${roundTripMs} ms away`);
  await far.setRoundTrip(roundTripMs);
  for (let round = 0; round < rounds; round += 1) {
    const first = round % runners.length;
    for (const runner of [...runners.slice(first), ...runners.slice(0, first)]) {
      runner.conversations.push(await run(runner, equipmentBytes, roundTripMs));
    }
  }
  progress("The bytes of a heavier agent");
  await far.setRoundTrip(0);
  for (const runner of runners) runner.conversations.push(await run(runner, heavyEquipmentBytes, 0));

  return Promise.all(
    runners.map(async ({ language, way, router, agent, conversations }) => {
      await agent.stop();
      await router?.child.stop(); // It writes the last lines of its log.
      const logged = router === undefined ? [] : readTraffic(router.child.written());
      return { language, way, conversations, logged };
    }),
  );
}

/** Milliseconds of a turn that are neither the upstream's own nor the one round trip nobody can do without. */
export function addedMs(turn: Turn, roundTripMs: number): number {
  return turn.turnMs - turn.upstreamMs - roundTripMs;
}

/** Conversations at the distance that counts, by equipment. */
export function conversationsWith({ conversations }: WayResult, equipmentBytes: number): readonly Conversation[] {
  return conversations.filter((conversation) => conversation.equipmentBytes === equipmentBytes);
}

/** Bytes towards the upstream of a whole conversation, median over the rounds. */
export function bytesOf(result: WayResult, equipmentBytes: number): number {
  const sums = conversationsWith(result, equipmentBytes).map((conversation) =>
    conversation.turns.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
  );
  return median(sums);
}

/** Of every turn after the first, in all rounds. */
export function laterTurns(result: WayResult, equipmentBytes: number): readonly Turn[] {
  return conversationsWith(result, equipmentBytes).flatMap((conversation) => conversation.turns.slice(1));
}
