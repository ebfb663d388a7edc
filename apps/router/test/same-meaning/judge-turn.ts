import { isJsonObject } from "@turnout/core";
import type { AnswerScript, RecordedRequest } from "@turnout/sandbox";
import { post, type Received } from "../support/ask.ts";
import type { AnswerLedger } from "./answer-ledger.ts";
import type { Asked, Line, SeenAnswer } from "./conversation.ts";
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
}

/** What the plain road gets: nobody looks at it. */
const noAnswer: AnswerScript = { steps: [] };

/**
 * Sends a request over both roads, and judges the one that may have been continued by the other.
 *
 * @param answerMark - Stands in the answer, and in no other.
 * @throws {Difference} when they do not mean the same, or the client did not see the answer that was given.
 */
export async function judgeTurn(request: PlannedRequest, answerMark: string, options: JudgeOptions): Promise<Turn> {
  const { stage, ledger, line } = options;
  const { client, mark, random, ...rest } = request;
  const isResponses = client.wire === "openai-responses";
  const scripted = scriptAnswer(random, {
    mark: answerMark,
    settings: request.settings,
    mayRefuse: isResponses || client.wire === "openai-chat",
    maySearch: isResponses,
  });
  const asked: Asked = { ...rest, stream: random.chance(60) };
  const whole = client.request(asked);
  const expected = stage.expect(mark, scripted.script);
  const received = await line.send(stage.stateful.url, asked, whole);
  const record = expected.find("stateful");
  const told = () => `${received.status} ${JSON.stringify(received.document)}`;
  if (record === undefined) throw new Difference(`the upstream was not asked: ${told()}`);

  const ignored = stage.expect(mark, noAnswer);
  await post(stage.plain.url, client.wire, whole.body, whole.headers);
  const plain = ignored.find("plain");
  if (plain === undefined) throw new Difference("the plain request did not reach the upstream");

  const judging = { ledger, renamesCalls: request.renamesCalls, mayBeNamed: line.isName };
  const reason = sameMeaning(understood(record), understood(plain), judging);
  if (reason !== undefined) throw new Difference(describe(reason, record, plain));
  const session = sessionOf(received, record);
  if (received.status !== 200 || received.broken) {
    if (record.outcome === "refused" && plain.outcome === "refused" && record.status === plain.status) {
      options.refused.add(record);
      return { session, answer: undefined };
    }
    const accounts = `${record.accountId}, and ${plain.accountId} for the plain request`;
    throw new Difference(`the answer is ${told()}, of account ${accounts}`);
  }
  const answer = client.read(received);
  checkAnswer(answer, scripted);
  line.remember(asked, answer, received);
  recordAnswer(ledger, record);
  return { session, answer };
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
  const calls = seen.calls.map(({ name, arguments: args }) => ({ name, arguments: parsedArguments(args) }));
  const said = scripted.calls.map(({ name, arguments: args }) => ({ name, arguments: parsedArguments(args) }));
  if (JSON.stringify(calls) !== JSON.stringify(said)) {
    throw new Difference(`the client saw calls ${JSON.stringify(calls)} where ${JSON.stringify(said)} were said`);
  }
}

/** As a program sees arguments: digits beyond its numbers are lost, and that is its own doing. */
function parsedArguments(args: string): string {
  return exactJson(JSON.stringify(JSON.parse(args))) ?? args;
}

function recordAnswer(ledger: AnswerLedger, record: RecordedRequest): void {
  const { accountId, body, input } = understood(record);
  const model = typeof body["model"] === "string" ? body["model"] : "";
  ledger.record(input, record.output ?? [], { accountId, model });
}

function describe(reason: string, record: RecordedRequest, plain: RecordedRequest): string {
  const index = Number(/^input\[(\d+)\]/u.exec(reason)?.[1] ?? "-1");
  const around = (found: RecordedRequest) =>
    JSON.stringify(index < 0 ? [] : understood(found).input.slice(Math.max(0, index - 1), index + 2)).slice(0, 1500);
  const how = isJsonObject(record.body) && record.body["previous_response_id"] !== undefined ? "continued" : "in full";
  return `${reason} (sent ${how})\n  stateful: ${around(record)}\n  plain:    ${around(plain)}`;
}
