import { isJsonObject, type JsonObject } from "@turnout/core";
import type { AnswerScript, Fault, RecordedRequest, Sandbox, SandboxOptions, Scenario } from "@turnout/sandbox";
import { startTestRouter, type TestRouter } from "../support/running-router.ts";
import type { Understood } from "./same-meaning.ts";

/** Two routers in front of one upstream and the same accounts: one that keeps sessions, one that sends everything. */
export interface Stage {
  readonly stateful: TestRouter;
  readonly plain: TestRouter;
  readonly sandbox: Sandbox;
  /** The next `times` requests whose newest item holds `mark`, and which keep the rules, get this answer. */
  expect(mark: string, answer: AnswerScript, times?: number): Expectation;
  /** The next such request meets this fault, if it comes in time; a `continued` one only when it continues another. */
  disturb(mark: string, fault: Fault, continued?: boolean): Expectation;
  /** Everything the upstream refused of the stateful router that the sandbox still knew when this was called. */
  refusals(): ReadonlySet<RecordedRequest>;
}

export type Road = "stateful" | "plain";

/** An answer that waits for its request. */
export interface Expectation {
  /** The requests over that road whose newest item holds the mark, as far as the sandbox still knows them, latest first. */
  findAll(road: Road): RecordedRequest[];
  /** Waits no longer. */
  end(): void;
  /** Whether it is such a request of the stateful router; it may still come. */
  has(record: RecordedRequest): boolean;
}

export interface StageOptions {
  readonly accounts?: number;
  /** Merged over `providers.codex.sessions` of the stateful router. */
  readonly sessions?: Readonly<Record<string, unknown>>;
  /** Of the stateful router. Default `ws`. */
  readonly transport?: "ws" | "auto";
  /** WebSockets of an account at a time. */
  readonly sockets?: number;
  readonly sandbox?: SandboxOptions;
}

/** Tells the two routers apart at the upstream. */
const plainAgent = "codex_cli_rs/0.169.0 (plain) turnout";

export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const accounts: Record<string, unknown>[] = [];
  const stateful = await startTestRouter({
    sandbox: { maxRecordedRequests: 150, eventsPerWrite: 256, ...options.sandbox },
    accounts: (sandbox) => {
      for (let index = 0; index < (options.accounts ?? 1); index += 1) {
        const { accessToken, accountId } = sandbox.createAccount();
        accounts.push({ accessToken, accountId, name: `account-${index}` });
      }
      return accounts;
    },
    codex: {
      transport: options.transport ?? "ws",
      sessions: { dialSpacingMs: 0, ...options.sessions },
      ...(options.sockets !== undefined && { maxSocketsPerAccount: options.sockets }),
    },
  });
  const { sandbox } = stateful;
  const plain = await startTestRouter({
    accounts: () => accounts,
    codex: { transport: "http", baseUrl: sandbox.codexBaseUrl, issuer: sandbox.issuer, userAgent: plainAgent },
  });
  const refused = new Set<RecordedRequest>();

  function wait(mark: string, scenario: Scenario, isMeant: (body: unknown) => boolean): Expectation {
    let isOver = false;
    sandbox.script({
      ...scenario,
      match: (body) => !isOver && newestItem(body).includes(mark) && isMeant(body),
    });
    const isIt = (record: RecordedRequest, road: Road) =>
      record.kind === "response" && roadOf(record) === road && newestItem(record.body).includes(mark);
    return {
      end: () => {
        isOver = true;
      },
      findAll: (road) => sandbox.requests.filter((record) => isIt(record, road)).toReversed(),
      has: (record) => isIt(record, "stateful"),
    };
  }

  return {
    stateful,
    plain,
    sandbox,
    expect: (mark, answer, times = 1) => wait(mark, { answer, times }, () => true),
    disturb: (mark, fault, continued = false) => wait(mark, { fault }, (body) => !continued || isContinued(body)),
    refusals() {
      for (const record of sandbox.requests) {
        if (record.outcome === "refused" && roadOf(record) === "stateful") refused.add(record);
      }
      return refused;
    },
  };
}

function roadOf(record: RecordedRequest): Road {
  return record.headers["user-agent"] === plainAgent ? "plain" : "stateful";
}

function newestItem(body: unknown): string {
  const input = isJsonObject(body) ? body["input"] : undefined;
  return Array.isArray(input) ? (JSON.stringify(input.at(-1)) ?? "") : "";
}

/** A request that says only what is new. */
function isContinued(body: unknown): boolean {
  return isJsonObject(body) && typeof body["previous_response_id"] === "string";
}

/** A record as the judge reads it. */
export function understood(record: RecordedRequest): Understood {
  const body = isJsonObject(record.body) ? record.body : {};
  // Parsed from JSON, so what the sandbox's schema leaves open is JSON.
  const input = (record.input ?? []) as readonly unknown[] as readonly JsonObject[];
  return { accountId: record.accountId, body, input };
}
