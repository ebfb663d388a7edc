import { z } from "zod";
import { startChild, type Child } from "./library/child.ts";
import { startListener, startRouter, startSandbox, type RunningRouter, type Upstream } from "./library/house.ts";
import { answerSchema, type Target } from "./library/target.ts";
import type { Variant } from "./library/variant.ts";
import { measureLatency, type LatencyResult } from "./measures/latency.ts";
import { measureMemory, type MemoryResult } from "./measures/memory.ts";
import { measureThroughput, type ThroughputResult } from "./measures/throughput.ts";
import {
  chatBody,
  countEvents,
  eventsOf,
  readText,
  responsesBody,
  textOf,
  upstreamBody,
  type AnswerName,
} from "./scenario.ts";

export interface Settings {
  /** How often every variant has its turn. */
  readonly rounds: number;
  /** Requests of one turn when latency is measured. */
  readonly latencyRequests: number;
  /** Length of one turn when throughput is measured. */
  readonly milliseconds: number;
  readonly concurrency: number;
  /** Streams at a time when events are counted. */
  readonly streamConcurrency: number;
  readonly openStreams: number;
  readonly codecMilliseconds: number;
}

export interface RunOptions extends Settings {
  /** Where CPU profiles of the routers go; absent: none are made, and nothing is slowed down. */
  readonly profileFolder?: string;
  readonly progress: (line: string) => void;
}

const codecSchema = z.object({ parse: z.number(), passThrough: z.number(), translate: z.number() });

export interface Measured {
  readonly latency: readonly LatencyResult[];
  readonly throughput: { readonly sandbox: readonly ThroughputResult[]; readonly replay: readonly ThroughputResult[] };
  readonly events: { readonly sandbox: readonly ThroughputResult[]; readonly replay: readonly ThroughputResult[] };
  readonly memory: readonly MemoryResult[];
  /** Events per second of the translator alone. */
  readonly codec: z.infer<typeof codecSchema>;
}

/** Events that go out together in the replay: about what one network read brings when a model is fast. */
const eventsPerRead = 10;

function directTarget({ origin, path: prefix, accessToken, accountId }: Upstream, name: AnswerName): Target {
  return {
    origin,
    path: `${prefix}/responses`,
    headers: {
      "content-type": "application/json",
      accept: "text/event-stream",
      authorization: `Bearer ${accessToken}`,
      "chatgpt-account-id": accountId,
      originator: "codex_cli_rs",
      "user-agent": "codex_cli_rs/0.153.0",
      version: "0.153.0",
    },
    body: upstreamBody(name),
    ending: "response.completed",
  };
}

function routerTarget(origin: string, kind: "responses" | "chat-stream" | "chat", name: AnswerName): Target {
  const responses = kind === "responses";
  const ending = { responses: "response.completed", "chat-stream": "[DONE]", chat: "finish_reason" };
  return {
    origin,
    path: responses ? "/v1/responses" : "/v1/chat/completions",
    headers: { "content-type": "application/json" },
    body: responses ? responsesBody(name) : chatBody(name, kind === "chat-stream"),
    ending: ending[kind],
  };
}

function throughProxy(proxy: RunningRouter, upstream: Upstream, name: AnswerName): Variant {
  const target = { ...directTarget(upstream, name), origin: proxy.origin };
  return { name: "byte proxy", target, between: proxy.child };
}

function throughRouter(
  name: string,
  router: RunningRouter,
  kind: "responses" | "chat-stream" | "chat",
  answer: AnswerName,
): Variant & { readonly between: Child } {
  return { name, target: routerTarget(router.origin, kind, answer), between: router.child };
}

/** Everything between client and upstream that the benchmark compares, started once. */
interface House {
  readonly load: Child;
  readonly sandbox: Upstream;
  readonly sandboxChild: Child;
  readonly sandboxProxy: RunningRouter;
  readonly http: RunningRouter;
  readonly ws: RunningRouter;
  readonly replay: Upstream;
  readonly replayProxy: RunningRouter;
  readonly replayHttp: RunningRouter;
  /** The long answer as the upstream sends it, cut into reads. */
  readonly reads: readonly string[];
}

async function recordReads(load: Child, sandbox: Upstream, name: AnswerName): Promise<string[]> {
  const { status, text } = await load.ask(answerSchema, "answer", directTarget(sandbox, name));
  const events = countEvents(text);
  if (status !== 200 || events !== eventsOf(name)) {
    throw new Error(
      `The sandbox answered ${status} with ${events} events instead of ${eventsOf(name)}: ${text.slice(0, 500)}`,
    );
  }
  const pieces = text.split("\n\n").filter((piece) => piece !== "");
  return Array.from({ length: Math.ceil(pieces.length / eventsPerRead) }, (_, index) =>
    pieces
      .slice(index * eventsPerRead, (index + 1) * eventsPerRead)
      .map((piece) => `${piece}\n\n`)
      .join(""),
  );
}

async function buildHouse({ profileFolder }: RunOptions): Promise<House> {
  const load = startChild({ name: "load", program: "bench/processes/load.ts" });
  const { upstream: sandbox, child: sandboxChild } = await startSandbox();
  const reads = await recordReads(load, sandbox, "long");
  const listener = await startListener("replay", "bench/processes/replay.ts", {
    answers: { "gpt-5.4": reads, "gpt-5.4-mini": await recordReads(load, sandbox, "short") },
  });
  const replay = { ...sandbox, origin: listener.origin };
  const proxyProgram = "bench/processes/byte-proxy.ts";
  const router = (name: string, upstream: Upstream, transport: "http" | "ws") =>
    startRouter({
      name,
      upstream,
      transport,
      ...(profileFolder === undefined
        ? {}
        : { nodeOptions: ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${name}.cpuprofile`] }),
    });
  return {
    load,
    sandbox,
    sandboxChild,
    reads,
    replay,
    sandboxProxy: await startListener("byte proxy", proxyProgram, { origin: sandbox.origin }),
    replayProxy: await startListener("byte proxy of the replay", proxyProgram, { origin: replay.origin }),
    http: await router("turnout-http", sandbox, "http"),
    ws: await router("turnout-ws", sandbox, "ws"),
    replayHttp: await router("turnout-replay", replay, "http"),
  };
}

/** Every way gives the same text, or nothing is measured. */
async function verify({ load, ...house }: House): Promise<void> {
  const ways: [Target, (body: string) => string, AnswerName][] = [house.http, house.ws, house.replayHttp].flatMap(
    ({ origin }) => [
      [routerTarget(origin, "responses", "long"), readText.responses, "long"],
      [routerTarget(origin, "chat-stream", "long"), readText.chatStream, "long"],
      [routerTarget(origin, "chat", "short"), readText.chatDocument, "short"],
    ],
  );
  for (const [target, read, name] of ways) {
    const { status, text } = await load.ask(answerSchema, "answer", target);
    if (status !== 200 || read(text) !== textOf(name)) {
      throw new Error(
        `${target.origin}${target.path} answered ${status}, and not the text it should: ${text.slice(0, 500)}`,
      );
    }
  }
}

/** Answers some requests, so that code is compiled and connections are open. */
async function warmUp(load: Child, variants: readonly Variant[]): Promise<void> {
  for (const { target } of variants)
    await load.ask(z.unknown(), "throughput", { target, milliseconds: 500, concurrency: 8 });
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
    const router = await startRouter({ name: `memory-${transport}-${kind}`, upstream: house.sandbox, transport });
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

/** Starts everything, checks that it answers rightly, and measures. The processes end with this one. */
export async function runBenchmark(options: RunOptions): Promise<Measured> {
  const { progress, rounds, milliseconds, concurrency, streamConcurrency } = options;
  progress("Starting sandbox, replay, byte proxies, routers and load");
  const house = await buildHouse(options);
  const { load, sandbox, sandboxProxy, http, ws, replay, replayProxy, replayHttp } = house;
  await verify(house);

  progress("Latency of a chat answer that is not streamed");
  const latencyWays = [
    { name: "upstream", target: directTarget(sandbox, "short") },
    throughProxy(sandboxProxy, sandbox, "short"),
    throughRouter("turnout, codex-http", http, "chat", "short"),
    throughRouter("turnout, codex-ws", ws, "chat", "short"),
  ];
  await warmUp(load, latencyWays);
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
  const translator = startChild({ name: "codec", program: "bench/processes/codec.ts" });
  const codec = await translator.ask(codecSchema, "measure", {
    reads: house.reads,
    request: chatBody("long", true),
    milliseconds: options.codecMilliseconds,
  });

  for (const { child } of [http, ws, replayHttp]) await child.stop();
  return {
    latency,
    throughput: { sandbox: sandboxThroughput, replay: replayThroughput },
    events: { sandbox: sandboxEvents, replay: replayEvents },
    memory,
    codec,
  };
}
