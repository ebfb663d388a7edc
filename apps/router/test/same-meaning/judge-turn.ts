import { isJsonObject } from "@turnout/core";
import { setImmediate } from "node:timers/promises";
import { type AnswerScript, type Fault, faults, type RecordedRequest } from "@turnout/sandbox";
import { post, type Received } from "../support/ask.ts";
import type { AnswerLedger } from "./answer-ledger.ts";
import type { Asked, ClientRequest, Line, SeenAnswer } from "./conversation.ts";
import type { PlannedRequest } from "./conversation-run.ts";
import { exactJson } from "./exact-json.ts";
import { sameMeaning } from "./same-meaning.ts";
import { scriptAnswer, type ScriptedAnswer } from "./scripted-answer.ts";
import { type Stage, understood } from "./stage.ts";

/** How one request went. */
export interface Turn {
  /** As the router says it: `fresh`, `reused`, `incremental`, or `none` where it says nothing. */
  readonly session: string;
  /** Undefined when the upstream refused the request, and would have refused it in full. */
  readonly answer: SeenAnswer | undefined;
}

/** Something is not as it would have been without sessions. */
export class Difference extends Error {}

export interface JudgeOptions {
  readonly stage: Stage;
  readonly ledger: AnswerLedger;
  /** How the program of the request reaches the stateful router. */
  readonly line: Line;
  /** Gets the records of requests that were refused, and rightly so. */
  readonly refused: Set<RecordedRequest>;
  /** Of 100 requests so many meet a fault that the router has to make good, unseen. */
  readonly faults: number;
}

/** What the plain road gets: nobody looks at it. */
const noAnswer: AnswerScript = { steps: [] };

/**
 * Sends a request over both roads, and judges the one that may have been continued by the other.
 *
 * @param answerMark - Stands in the answer, and in no other.
 * @returns The turn; of a request that was sent twice, both.
 * @throws {Difference} when they do not mean the same, or the client did not see the answer that was given.
 */
export async function judgeTurn(
  request: PlannedRequest,
  answerMark: string,
  options: JudgeOptions,
): Promise<readonly Turn[]> {
  const { stage, line } = options;
  const { client, mark, random, trouble, ...rest } = request;
  const isResponses = client.wire === "openai-responses";
  const scripted = scriptAnswer(random, {
    mark: answerMark,
    settings: request.settings,
    mayRefuse: isResponses || client.wire === "openai-chat",
    maySearch: isResponses,
    mayPatch: isResponses || client.wire === "openai-chat",
  });
  const asked: Asked = { ...rest, stream: random.chance(60) };
  const whole = client.request(asked);
  const times = trouble === "double" ? 2 : 1;
  if (trouble === "abandon") await abandon(request, whole, stage);
  const disturbed = random.chance(options.faults) ? stage.disturb(mark, ...random.pick(curableFaults)) : undefined;
  const expected = stage.expect(mark, scripted.script, times);
  const send = () => line.send(stage.stateful.url, asked, whole);
  const answers = await Promise.all(Array.from({ length: times }, send));
  disturbed?.end();
  expected.end();
  const [latest, ...earlier] = expected.findAll("stateful");
  const told = answers.map(({ status, document }) => `${status} ${JSON.stringify(document)}`).join(", ");
  if (latest === undefined) throw new Difference(`the upstream was not asked: ${told}`);

  const ignored = stage.expect(mark, noAnswer);
  const before = new Set(ignored.findAll("plain"));
  await post(stage.plain.url, client.wire, whole.body, whole.headers);
  // The first of them is what the client said; one that was refused goes out again with less.
  ignored.end();
  const plain = ignored.findAll("plain").findLast((record) => !before.has(record));
  if (plain === undefined) throw new Difference("the plain request did not reach the upstream");

  const records = [latest, ...earlier.slice(0, times - 1)];
  for (const record of records) judgeRecord(record, plain, request, options);
  return answers.map((received) => {
    const session = sessionOf(received, latest);
    if (received.status === 200 && !received.broken) {
      const answer = client.read(received);
      checkAnswer(answer, scripted);
      line.remember(asked, answer, received);
      return { session, answer };
    }
    const isAlike = latest.outcome === "refused" && plain.outcome === "refused" && latest.status === plain.status;
    if (!isAlike) {
      const accounts = `${latest.accountId}, and ${plain.accountId} for the plain request`;
      throw new Difference(`the answer is ${told}, of account ${accounts}`);
    }
    for (const record of records) options.refused.add(record);
    return { session, answer: undefined };
  });
}

function judgeRecord(
  record: RecordedRequest,
  plain: RecordedRequest,
  request: PlannedRequest,
  { stage, ledger, line }: JudgeOptions,
): void {
  const isTranslated = request.client.wire !== "openai-responses";
  const judging = { ledger, mayBeNamed: line.isName, isTranslated };
  const reason = sameMeaning(understood(record), understood(plain), judging);
  if (reason !== undefined) throw new Difference(describe(reason, record, plain));
  const { body } = understood(record);
  const previous = body["previous_response_id"];
  if (typeof previous === "string") {
    // A warm-up was asked by nobody, so it was not judged.
    const warmUp = stage.sandbox.requests.find(({ responseId }) => responseId === previous);
    if (warmUp !== undefined) ledger.recordSettings(previous, understood(warmUp).body);
    const setting = ledger.differingSetting(previous, body);
    if (setting !== undefined) throw new Difference(`it continues a response with another ${setting}`);
  }
  recordAnswer(ledger, record);
}

/** Before anything of an answer has come, so that the router can ask again; the first two only where it continued. */
const curableFaults: readonly (readonly [Fault, boolean])[] = [
  [faults.staleAnchor(), true],
  [faults.connectionLimit(), true],
  [faults.cut({ after: "request", how: "reset" }), true],
  [faults.cut({ after: "request", how: 1011 }), true],
  [faults.cut({ after: "request", how: 1012 }), true],
];

/** The client leaves while the answer is under way. */
async function abandon(request: PlannedRequest, whole: ClientRequest, stage: Stage): Promise<void> {
  const { client, mark, random } = request;
  const stalled = stage.disturb(mark, faults.stall(random.below(8)));
  const leaving = new AbortController();
  const left = post(stage.stateful.url, client.wire, whole.body, whole.headers, leaving.signal).catch(() => undefined);
  while (!stage.sandbox.requests.some((record) => record.outcome === "pending" && stalled.has(record))) {
    await setImmediate();
  }
  stalled.end();
  leaving.abort();
  await left;
}

/** As the head of the answer says it; a message on a socket has no head, but the upstream knows whether it was continued. */
function sessionOf({ headers }: Received, { body }: RecordedRequest): string {
  const session = headers["x-turnout-session"];
  if (typeof session === "string") return session;
  return isJsonObject(body) && typeof body["previous_response_id"] === "string" ? "incremental" : "none";
}

/** The client saw what was said to this very conversation, all of it, once. */
function checkAnswer(seen: SeenAnswer, scripted: ScriptedAnswer): void {
  const text = scripted.texts.join("");
  const isRefusal = scripted.script.steps?.some((step) => step.type === "refusal") === true;
  const isSeen = isRefusal ? JSON.stringify(seen.native).includes(text) : seen.text === text;
  if (!isSeen) {
    throw new Difference(`the client saw ${JSON.stringify(seen.text)} where ${JSON.stringify(text)} was said`);
  }
  const calls = seen.calls.map(readCall);
  const said = scripted.calls.map(readCall);
  if (JSON.stringify(calls) !== JSON.stringify(said)) {
    throw new Difference(`the client saw calls ${JSON.stringify(calls)} where ${JSON.stringify(said)} were said`);
  }
}

/** As a program sees a call: digits beyond its numbers are lost, and that is its own doing. */
function readCall({ name, arguments: text, isCustom }: ScriptedAnswer["calls"][number]) {
  return { name, isCustom, arguments: isCustom ? text : exactJson(JSON.stringify(JSON.parse(text))) };
}

function recordAnswer(ledger: AnswerLedger, record: RecordedRequest): void {
  const { accountId, body, input } = understood(record);
  const model = typeof body["model"] === "string" ? body["model"] : "";
  ledger.record(input, record.output ?? [], { accountId, model });
  if (record.responseId !== undefined) ledger.recordSettings(record.responseId, body);
}

function describe(reason: string, record: RecordedRequest, plain: RecordedRequest): string {
  const index = Number(/^input\[(\d+)\]/u.exec(reason)?.[1] ?? "-1");
  const around = (found: RecordedRequest) =>
    JSON.stringify(index < 0 ? [] : understood(found).input.slice(Math.max(0, index - 1), index + 2)).slice(0, 1500);
  const how = isJsonObject(record.body) && record.body["previous_response_id"] !== undefined ? "continued" : "in full";
  return `${reason} (sent ${how})\n  stateful: ${around(record)}\n  plain:    ${around(plain)}`;
}
