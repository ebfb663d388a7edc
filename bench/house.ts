import { startChild, type Child } from "./library/child.ts";
import { startListener, startRouter, startSandbox, type RunningProcess, type Upstream } from "./library/start.ts";
import { answerSchema, type Target } from "./library/target.ts";
import { countEvents, eventsOf, readText, textOf, type AnswerName } from "./scenario.ts";
import { directTarget, routerTarget } from "./ways.ts";

/** Events that go out together in the replay: about what one network read brings when a model is fast. */
const eventsPerRead = 10;

/** Everything between client and upstream that the benchmark compares, started once. */
export interface House {
  readonly load: Child;
  readonly sandbox: Upstream;
  readonly sandboxChild: Child;
  readonly sandboxProxy: RunningProcess;
  readonly http: RunningProcess;
  readonly ws: RunningProcess;
  readonly replay: Upstream;
  readonly replayProxy: RunningProcess;
  readonly replayHttp: RunningProcess;
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

/**
 * Starts everything.
 *
 * @param profileFolder - Where CPU profiles of the routers go; absent: none are made.
 */
export async function buildHouse(profileFolder: string | undefined): Promise<House> {
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
export async function verify({ load, ...house }: House): Promise<void> {
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
