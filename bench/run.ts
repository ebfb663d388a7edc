import { z } from "zod";
import { buildHouse, verify, type House } from "./house.ts";
import { stopChildren, type Child } from "./library/child.ts";
import { codexProvider, startListener, startRouter } from "./library/start.ts";
import { answerSchema, throughputSchema } from "./library/target.ts";
import type { Variant } from "./library/variant.ts";
import { measureAccountsStart, type AccountsStartResult } from "./measures/accounts-start.ts";
import { measureLatency, type LatencyResult } from "./measures/latency.ts";
import { measureLeases, type LeaseResult } from "./measures/lease.ts";
import type { LongAnswerResult } from "./measures/long-answer.ts";
import { measureMemory, type MemoryResult } from "./measures/memory.ts";
import { measureThroughput, type ThroughputResult } from "./measures/throughput.ts";
import {
  allRoads,
  measureCodecs,
  measureLongAnswers,
  measureRoads,
  straightRoads,
  type CodecResult,
  type RoadResult,
} from "./run-languages.ts";
import { eventsOf } from "./scenario.ts";
import { directTarget, routerTarget, throughProxy, throughRouter } from "./ways.ts";

export interface Settings {
  /** How often every variant has its turn. */
  readonly rounds: number;
  /** Answers of each way before anything is measured. */
  readonly warmUpAnswers: number;
  /** Requests of one turn when latency is measured. */
  readonly latencyRequests: number;
  /** Length of one turn when throughput is measured. */
  readonly milliseconds: number;
  readonly concurrency: number;
  /** Streams at a time when events are counted. */
  readonly streamConcurrency: number;
  readonly openStreams: number;
  /** Turns of each road between two languages, and their length. */
  readonly roadRounds: number;
  readonly roadMilliseconds: number;
  /** CPU time for each road of the translator alone. */
  readonly codecMilliseconds: number;
}

export interface RunOptions extends Settings {
  /** Where CPU profiles of the routers go; absent: none are made, and nothing is slowed down. */
  readonly profileFolder?: string;
  readonly progress: (line: string) => void;
}

export interface Measured {
  readonly latency: readonly LatencyResult[];
  readonly throughput: { readonly sandbox: readonly ThroughputResult[]; readonly replay: readonly ThroughputResult[] };
  readonly events: { readonly sandbox: readonly ThroughputResult[]; readonly replay: readonly ThroughputResult[] };
  readonly memory: readonly MemoryResult[];
  /** The translator alone, events per second of CPU time. */
  readonly codec: readonly CodecResult[];
  /** Every road through the router, with answers of 300 events; and the straight ones with answers of 3,000. */
  readonly roads: readonly RoadResult[];
  readonly longRoads: readonly RoadResult[];
  readonly longAnswers: readonly LongAnswerResult[];
  readonly accountsStart: AccountsStartResult;
  readonly leases: readonly LeaseResult[];
}

/** Give up warming a way after this; then the machine is too busy for figures that mean anything. */
const warmUpTurns = 30;

/**
 * Lets every way answer until its code is compiled and its connections are open. The first thousand answers of a router cost
 * several times what later ones do; counted, not timed, so that a busy machine does not measure cold code.
 */
async function warmUp(load: Child, variants: readonly Variant[], answers: number): Promise<void> {
  for (const { target } of variants) {
    let done = 0;
    for (let turn = 0; turn < warmUpTurns && done < answers; turn += 1) {
      const options = { target, milliseconds: 500, concurrency: 16 };
      done += (await load.ask(throughputSchema, "throughput", options)).requests;
    }
  }
}

/** Every kind of request that is measured later, on every router and byte proxy. */
function waysToWarm(house: House): Variant[] {
  const { sandbox, sandboxProxy, replay, replayProxy } = house;
  const kinds = ["chat", "responses", "chat-stream"] as const;
  return [
    throughProxy(sandboxProxy, sandbox, "short"),
    throughProxy(replayProxy, replay, "short"),
    ...[house.http, house.ws, house.replayHttp].flatMap((router) =>
      kinds.map((kind) => throughRouter(kind, router, kind, "short")),
    ),
  ];
}

async function measureOpenStreams(house: House, streams: number): Promise<MemoryResult[]> {
  const results: MemoryResult[] = [];
  const ways = [
    ["turnout, Responses, HTTP", "http", "responses"],
    ["turnout, Responses -> Chat, HTTP", "http", "chat-stream"],
    ["turnout, Responses, WebSocket", "ws", "responses"],
    ["turnout, Responses -> Chat, WebSocket", "ws", "chat-stream"],
  ] as const;
  // A fresh process each: memory once taken is not given back, and would hide what the next one takes.
  for (const [name, transport, kind] of ways) {
    const providers = codexProvider(house.sandbox, transport);
    const router = await startRouter({ name: `memory-${transport}-${kind}`, providers });
    const warm = routerTarget(router.origin, kind, "short");
    for (let count = 0; count < 20; count += 1) await house.load.ask(answerSchema, "answer", warm);
    const variant = throughRouter(name, router, kind, "long");
    await house.sandboxChild.ask(z.null(), "stall", { times: streams });
    results.push(...(await measureMemory(house.load, [variant], streams)));
    await router.child.stop();
  }
  const proxy = await startListener("memory-proxy", "bench/processes/byte-proxy.ts", { origin: house.sandbox.origin });
  const target = { ...directTarget(house.sandbox, "long"), origin: proxy.origin };
  await house.sandboxChild.ask(z.null(), "stall", { times: streams });
  results.push(...(await measureMemory(house.load, [{ name: "byte proxy", target, between: proxy.child }], streams)));
  await proxy.child.stop();
  return results;
}

/** Starts everything, checks that it answers rightly, measures, and stops everything. */
export async function runBenchmark(options: RunOptions): Promise<Measured> {
  try {
    return await measureAll(options);
  } finally {
    await stopChildren();
  }
}

async function measureAll(options: RunOptions): Promise<Measured> {
  const { progress, rounds, milliseconds, concurrency, streamConcurrency } = options;
  progress("Starting sandbox, replay, byte proxies, routers and load");
  const house = await buildHouse(options.profileFolder);
  const { load, sandbox, sandboxProxy, http, ws, replay, replayProxy, replayHttp } = house;
  await verify(house);
  progress("Warming up");
  await warmUp(load, waysToWarm(house), options.warmUpAnswers);

  progress("Latency of a chat answer that is not streamed");
  const latencyWays = [
    { name: "upstream", target: directTarget(sandbox, "short") },
    throughProxy(sandboxProxy, sandbox, "short"),
    throughRouter("turnout, codex-http", http, "chat", "short"),
    throughRouter("turnout, codex-ws", ws, "chat", "short"),
  ];
  const latency = await measureLatency(load, latencyWays, { rounds, requests: options.latencyRequests });

  progress(`Throughput at ${concurrency}`);
  const short = { rounds, milliseconds, concurrency, events: eventsOf("short") };
  const sandboxThroughput = await measureThroughput(
    load,
    [
      { name: "upstream", target: directTarget(sandbox, "short") },
      throughProxy(sandboxProxy, sandbox, "short"),
      throughRouter("turnout, codex-http", http, "responses", "short"),
    ],
    short,
  );
  const replayThroughput = await measureThroughput(
    load,
    [
      { name: "upstream", target: directTarget(replay, "short") },
      throughProxy(replayProxy, replay, "short"),
      throughRouter("turnout, codex-http", replayHttp, "responses", "short"),
    ],
    short,
  );

  progress(`Events of streams of ${eventsOf("long")}`);
  const long = { rounds, milliseconds, concurrency: streamConcurrency, events: eventsOf("long") };
  const replayEvents = await measureThroughput(
    load,
    [
      { name: "upstream", target: directTarget(replay, "long") },
      throughProxy(replayProxy, replay, "long"),
      throughRouter("turnout, same language", replayHttp, "responses", "long"),
      throughRouter("turnout, Responses -> Chat", replayHttp, "chat-stream", "long"),
    ],
    long,
  );
  const sandboxEvents = await measureThroughput(
    load,
    [
      { name: "upstream", target: directTarget(sandbox, "long") },
      throughProxy(sandboxProxy, sandbox, "long"),
      throughRouter("turnout, same language, HTTP", http, "responses", "long"),
      throughRouter("turnout, Responses -> Chat, HTTP", http, "chat-stream", "long"),
      throughRouter("turnout, same language, WebSocket", ws, "responses", "long"),
      throughRouter("turnout, Responses -> Chat, WebSocket", ws, "chat-stream", "long"),
    ],
    long,
  );

  progress(`Memory at ${options.openStreams} open streams`);
  const memory = await measureOpenStreams(house, options.openStreams);

  progress("The translator alone");
  const codec = await measureCodecs(house, options.codecMilliseconds);

  progress("Every road through the router");
  const roadOptions = {
    rounds: options.roadRounds,
    milliseconds: options.roadMilliseconds,
    concurrency: streamConcurrency,
  };
  await warmUp(load, allRoads(house), options.warmUpAnswers / 10);
  const roads = await measureRoads(house, allRoads(house), roadOptions);
  const longRoads = await measureRoads(house, straightRoads(house), roadOptions);

  progress("Answers of 50 MB");
  const longAnswers = await measureLongAnswers(house);

  progress("Start with stored accounts");
  const accountsStart = await measureAccountsStart({ accounts: 1_000, starts: 2 * rounds + 1 });
  progress("Leases from a pool of 1,000 accounts");
  const leases = await measureLeases({ accounts: 1_000, leases: 2_000 });

  return {
    latency,
    throughput: { sandbox: sandboxThroughput, replay: replayThroughput },
    events: { sandbox: sandboxEvents, replay: replayEvents },
    memory,
    codec,
    roads,
    longRoads,
    longAnswers,
    accountsStart,
    leases,
  };
}
