import type { Way } from "./client-program.ts";
import type { House, LogLine } from "./house.ts";
import type { Task } from "./task.ts";
import type { Upstream } from "./upstreams.ts";

export interface Judged {
  readonly house: House;
  readonly way: Way;
  readonly upstream: Upstream;
  readonly tasks: readonly Task[];
  /** How many processes of the client there were. */
  readonly processes: number;
}

/** What router and upstream saw: no refusal, no retry, the right languages and transports, and the history in the last turn. */
export function judgeHouse(judged: Judged): string[] {
  return [...judgeLog(judged), ...judgeTransport(judged), ...judgeUpstream(judged)];
}

function judgeLog({ house, way: { wire } }: Judged): string[] {
  return house.log.flatMap((line) => {
    if (line.level > 30) return [`log: ${JSON.stringify(line)}`];
    if (line.wire === undefined || line.wire === wire) return [];
    return [`log: spoke ${line.wire} instead of ${wire}`];
  });
}

/** A client that has a socket must not have fallen back to HTTP, nor opened a second one. */
function judgeTransport(judged: Judged): string[] {
  const { house, way, upstream, processes, tasks } = judged;
  const requests = house.log.filter((line) => line.client !== undefined && line.status !== undefined);
  const [overSocket, overHttp] = (["ws", "http"] as const).map((transport) =>
    requests.filter(({ client }) => client === transport),
  ) as [LogLine[], LogLine[]];
  if (way.transport === "http") return overSocket.length === 0 ? [] : [`${overSocket.length} requests over a socket`];
  const warmUps = overSocket.filter(({ operation }) => operation === "warm-up");
  const answers = overSocket.filter(({ operation }) => operation === undefined);
  const sockets = house.log.filter((line) => line.requests !== undefined && line.requests > 0);
  const notContinued = overSocket.filter(({ continued }) => continued !== true);
  const notIncremental = answers.filter(({ session }) => session !== "incremental");
  // Without a warm-up the first answer is the first time the upstream hears of the conversation.
  const firsts = way.warmsUp === true ? 0 : 1;
  const checks: readonly (readonly [isWrong: boolean, problem: string])[] = [
    [overHttp.length > 0 && way.besides === undefined, `${overHttp.length} requests over HTTP instead of the socket`],
    [answers.length < tasks.length * 2, `only ${answers.length} answers over the socket`],
    [sockets.length !== processes, `${sockets.length} sockets of ${processes} processes`],
    [way.warmsUp === true && warmUps.length !== processes, `${warmUps.length} warm-ups of ${processes} processes`],
    [
      way.refersBack === true && notContinued.length !== processes,
      `${notContinued.length} requests of ${processes} processes refer to no earlier answer`,
    ],
    [
      upstream.keepsSessions === true && notIncremental.length > firsts,
      `${notIncremental.length} of ${answers.length} answers were asked for with more than was new`,
    ],
  ];
  return checks.flatMap(([isWrong, problem]) => (isWrong ? [problem] : []));
}

function judgeUpstream({ house, upstream, tasks }: Judged): string[] {
  const problems: string[] = [];
  const asked = house.upstreamRequests.filter((request) => request.kind === "response");
  for (const { path: where, outcome, status, body } of asked) {
    if (!upstream.path.test(where)) problems.push(`upstream: asked at ${where}`);
    if (outcome !== "completed") {
      problems.push(`upstream: ${outcome} with ${status ?? "no status"}: ${JSON.stringify(body).slice(0, 300)}`);
    }
  }
  const [first] = tasks;
  const last = asked.at(-1);
  if (first !== undefined && !JSON.stringify([last?.body, last?.input]).includes(first.proof)) {
    problems.push("upstream: the last request does not hold the first tool's answer");
  }
  return problems;
}
