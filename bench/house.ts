import { clientTarget, languages } from "./languages.ts";
import { startChild, type Child } from "./library/child.ts";
import {
  allProviders,
  codexProvider,
  startListener,
  startRouter,
  startSandbox,
  type RunningProcess,
  type Upstream,
} from "./library/start.ts";
import { answerSchema, type Target } from "./library/target.ts";
import { recordAnswers, replayAnswers, type Recordings } from "./recordings.ts";
import { readStream, readText, textOf, type AnswerName } from "./scenario.ts";
import { routerTarget } from "./ways.ts";

/** Everything between client and upstream that the benchmark compares, started once. */
export interface House {
  readonly load: Child;
  readonly sandbox: Upstream;
  readonly sandboxChild: Child;
  readonly sandboxProxy: RunningProcess;
  readonly http: RunningProcess;
  readonly ws: RunningProcess;
  readonly replay: Upstream;
  readonly replayChild: Child;
  readonly replayProxy: RunningProcess;
  /** Takes streams apart into events and writes them again. */
  readonly eventProxy: RunningProcess;
  readonly replayHttp: RunningProcess;
  /** Has an upstream for each of the four languages. */
  readonly replayLanguages: RunningProcess;
  readonly recordings: Recordings;
}

/**
 * Starts everything.
 *
 * @param profileFolder - Where CPU profiles of the routers go; absent: none are made.
 */
export async function buildHouse(profileFolder: string | undefined): Promise<House> {
  const load = startChild({ name: "load", program: "bench/processes/load.ts" });
  const { upstream: sandbox, child: sandboxChild } = await startSandbox();
  const recordings = await recordAnswers(load, sandbox);
  const listener = await startListener("replay", "bench/processes/replay.ts", { answers: replayAnswers(recordings) });
  const replay = { ...sandbox, origin: listener.origin };
  const proxyProgram = "bench/processes/byte-proxy.ts";
  const router = (name: string, providers: Readonly<Record<string, unknown>>) =>
    startRouter({
      name,
      providers,
      ...(profileFolder === undefined
        ? {}
        : { nodeOptions: ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${name}.cpuprofile`] }),
    });
  return {
    load,
    sandbox,
    sandboxChild,
    recordings,
    replay,
    replayChild: listener.child,
    sandboxProxy: await startListener("byte proxy", proxyProgram, { origin: sandbox.origin }),
    replayProxy: await startListener("byte proxy of the replay", proxyProgram, { origin: replay.origin }),
    eventProxy: await startListener("event proxy", proxyProgram, { origin: replay.origin, reads: "events" }),
    http: await router("turnout-http", codexProvider(sandbox, "http")),
    ws: await router("turnout-ws", codexProvider(sandbox, "ws")),
    replayHttp: await router("turnout-replay", codexProvider(replay, "http")),
    replayLanguages: await router("turnout-languages", allProviders(replay)),
  };
}

interface Check {
  readonly target: Target;
  readonly answer: AnswerName;
  read(body: string): string;
}

/** Every way gives the same text, or nothing is measured. */
export async function verify({ load, ...house }: House): Promise<void> {
  const codex = [house.http, house.ws, house.replayHttp].flatMap(({ origin }): Check[] => [
    { target: routerTarget(origin, "responses", "long"), read: readText.responses, answer: "long" },
    { target: routerTarget(origin, "chat-stream", "long"), read: readText.chatStream, answer: "long" },
    { target: routerTarget(origin, "chat", "short"), read: readText.chatDocument, answer: "short" },
  ]);
  const roads = languages.flatMap((spoken) =>
    languages.map((language): Check => ({
      target: clientTarget(language, spoken, house.replayLanguages.origin, "long"),
      read: readStream[language.wire],
      answer: "long",
    })),
  );
  for (const { target, read, answer } of [...codex, ...roads]) {
    const { status, text } = await load.ask(answerSchema, "answer", target);
    if (status !== 200 || read(text) !== textOf(answer)) {
      throw new Error(
        `${target.origin}${target.path} answered ${status}, and not the text it should: ${text.slice(0, 500)}`,
      );
    }
  }
}
