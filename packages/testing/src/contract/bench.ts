import {
  type Credential,
  type Executor,
  type JsonObject,
  RouterError,
  systemRuntime,
  type WireEvent,
  type WireFormat,
  type WireResponse,
} from "@turnout/core";
import { answer, type AnswerScript, createSandbox, type Fault, faults, type Sandbox, say } from "@turnout/sandbox";
import { test } from "vitest";

import { collectEvents } from "../collect.ts";
import { createExecuteContext } from "../execute-context.ts";
import { createFakeRuntime, type FakeRuntime } from "../fake-runtime.ts";
import { until } from "../until.ts";
import { type ContractLanguage, contractLanguages } from "./languages.ts";

export interface ExecutorContractOptions {
  /** Of the suite, for example `codex-http`. */
  readonly name: string;
  /** What the executor speaks. Default `openai-responses`, which has some checks more than the others. */
  readonly wire?: WireFormat;
  /** Makes the executor for a running sandbox. Deadlines must be the defaults: 90 s and 300 s. */
  create(sandbox: Sandbox): Executor;
  /** The credential of a fresh account. Default: its OAuth token. */
  credential?(sandbox: Sandbox): Credential;
  /** Tests that cannot hold, by their names, each with the reason. */
  readonly skip?: Readonly<Record<string, string>>;
}

/** What came of one request, whether it failed before the first event or after it. */
export interface Outcome {
  readonly events: readonly WireEvent[];
  readonly error: RouterError | undefined;
}

/** An answer of a few events. */
export const text = answer(say.text("Hello to you, whoever you are.", { deltas: 4 }));

function tokenOf(sandbox: Sandbox): Credential {
  const { accountId, accessToken } = sandbox.createAccount();
  return { accountKey: accountId, kind: "oauth", secret: accessToken, accountId };
}

/** A fresh sandbox, executor, account and clock for each check, and short words for what checks do. */
export class ContractBench {
  sandbox!: Sandbox;
  executor!: Executor;
  credential!: Credential;
  runtime!: FakeRuntime;
  controller!: AbortController;
  readonly wire: WireFormat;
  readonly language: ContractLanguage;
  readonly #options: ExecutorContractOptions;

  constructor(options: ExecutorContractOptions) {
    this.#options = options;
    this.wire = options.wire ?? "openai-responses";
    this.language = contractLanguages[this.wire];
  }

  async setUp(): Promise<void> {
    this.sandbox = await createSandbox();
    this.executor = this.#options.create(this.sandbox);
    this.credential = (this.#options.credential ?? tokenOf)(this.sandbox);
    // The sandbox tells reset times by the real clock.
    this.runtime = createFakeRuntime({ now: systemRuntime.now() });
    this.controller = new AbortController();
  }

  async tearDown(): Promise<void> {
    this.controller.abort();
    await this.executor.close?.();
    await this.sandbox.close();
  }

  /** One test of the suite. */
  readonly check = (name: string, run: () => void | Promise<void>): void => {
    const reason = this.#options.skip?.[name];
    const title = reason === undefined ? name : `${name} (cannot hold: ${reason})`;
    // oxlint-disable-next-line vitest/valid-title, vitest/expect-expect -- both come from the callers
    test.skipIf(reason !== undefined)(title, run);
  };

  /** What is asked when the question does not matter. */
  get question(): JsonObject {
    return this.language.question;
  }

  execute(body: JsonObject = this.question, model = this.language.model): Promise<WireResponse> {
    const { credential, runtime, controller } = this;
    const context = createExecuteContext({ credential, runtime, signal: controller.signal });
    return this.executor.execute({ model, body, stream: true }, context);
  }

  /** One request to its end, whatever that is. */
  async run(body?: JsonObject, model?: string): Promise<Outcome> {
    let response: WireResponse;
    try {
      response = await this.execute(body, model);
    } catch (error) {
      return { events: [], error: RouterError.from(error) };
    }
    const { events, error } = await collectEvents(response);
    return { events, error: error === undefined ? undefined : RouterError.from(error) };
  }

  /** A response whose first batch has been read. */
  async begin(): Promise<AsyncIterator<readonly WireEvent[]>> {
    const response = await this.execute();
    if (response.kind !== "stream") throw new TypeError("Cannot read events: the response is a document");
    const iterator = response.events[Symbol.asyncIterator]();
    await iterator.next();
    return iterator;
  }

  /** Waits until the upstream has seen the end of all answers and sockets. */
  freed(): Promise<void> {
    return until(() => this.sandbox.openStreams === 0 && this.sandbox.openSockets === 0, "the upstream goes on");
  }

  /** What the next request gets. */
  script(script: AnswerScript, fault?: Fault): void {
    this.sandbox.script(fault === undefined ? { answer: script } : { answer: script, fault });
  }

  /** A refusal in the executor's way: of the handshake, or as the response. */
  refuse(status: number, headers: Record<string, string> = {}): Fault {
    return this.executor.transport === "ws" ? faults.handshake(status, { headers }) : faults.http(status, { headers });
  }
}
