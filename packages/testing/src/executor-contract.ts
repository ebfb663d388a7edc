import { getEventListeners } from "node:events";

import {
  type Credential,
  type Executor,
  type JsonObject,
  retryAfterMs,
  RouterError,
  type WireEvent,
  type WireRequest,
  type WireResponse,
} from "@turnout/core";
import { answer, type AnswerScript, createSandbox, faults, renderEvents, type Sandbox, say } from "@turnout/sandbox";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { collectEvents } from "./collect.ts";
import { createExecuteContext } from "./execute-context.ts";
import { createFakeRuntime, type FakeRuntime } from "./fake-runtime.ts";
import { until } from "./until.ts";

export interface ExecutorContractOptions {
  /** Of the suite, for example `codex-http`. */
  readonly name: string;
  /** Makes the executor for a running sandbox. Deadlines must be the defaults: 90 s and 300 s. */
  create(sandbox: Sandbox): Executor;
  /** Tests that cannot hold, by their names, each with the reason. */
  readonly skip?: Readonly<Record<string, string>>;
}

const text = answer(say.text("Hello to you, whoever you are.", { deltas: 4 }));

/** What is asked when the question does not matter. */
const question: JsonObject = {
  model: "gpt-5.4",
  input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "Hello" }] }],
};

function parse(event: WireEvent): JsonObject {
  return JSON.parse(event.data) as JsonObject;
}

function itemsOf(events: readonly WireEvent[]): readonly JsonObject[] {
  return events
    .filter((event) => event.type === "response.output_item.done")
    .map((event) => parse(event)["item"] as JsonObject);
}

/** What came of one request, whether it failed before the first event or after it. */
interface Outcome {
  readonly events: readonly WireEvent[];
  readonly error: RouterError | undefined;
}

/**
 * What every executor of the Responses format must do, tried against the sandbox on real sockets. Call it in a test file.
 *
 * @example
 * ```ts
 * executorContract({ name: "codex-http", create: (sandbox) => createCodexHttp({ baseUrl: sandbox.codexBaseUrl }) });
 * ```
 */
export function executorContract(options: ExecutorContractOptions): void {
  describe(`executor contract: ${options.name}`, () => {
    let sandbox: Sandbox;
    let executor: Executor;
    let credential: Credential;
    let runtime: FakeRuntime;
    let controller: AbortController;

    beforeEach(async () => {
      sandbox = await createSandbox();
      executor = options.create(sandbox);
      const { accountId, accessToken } = sandbox.createAccount();
      credential = { accountKey: accountId, kind: "oauth", secret: accessToken, accountId };
      runtime = createFakeRuntime({ now: Date.now() });
      controller = new AbortController();
    });

    afterEach(async () => {
      controller.abort();
      await executor.close?.();
      await sandbox.close();
    });

    function check(name: string, run: () => Promise<void>): void {
      const reason = options.skip?.[name];
      const title = reason === undefined ? name : `${name} (cannot hold: ${reason})`;
      // oxlint-disable-next-line vitest/valid-title, vitest/expect-expect -- both come from the calls below
      test.skipIf(reason !== undefined)(title, run);
    }

    function execute(body: JsonObject = question): Promise<WireResponse> {
      const request: WireRequest = { model: "gpt-5.4", body, stream: true };
      const context = createExecuteContext({ credential, runtime, signal: controller.signal });
      return executor.execute(request, context);
    }

    async function run(body?: JsonObject): Promise<Outcome> {
      let response: WireResponse;
      try {
        response = await execute(body);
      } catch (error) {
        return { events: [], error: RouterError.from(error) };
      }
      const { events, error } = await collectEvents(response);
      return { events, error: error === undefined ? undefined : RouterError.from(error) };
    }

    function script(script: AnswerScript, fault?: ReturnType<typeof faults.cut>): void {
      sandbox.script(fault === undefined ? { answer: script } : { answer: script, fault });
    }

    /** The same refusal in the executor's way: of the handshake, or as the response. */
    function refuse(status: number, headers: Record<string, string> = {}) {
      return executor.transport === "ws" ? faults.handshake(status, { headers }) : faults.http(status, { headers });
    }

    function hasArrived(): boolean {
      return sandbox.requests.length > 0;
    }

    /** An opening iterator: the response has begun and its first batch was read. */
    async function begin(): Promise<AsyncIterator<readonly WireEvent[]>> {
      const response = await execute();
      if (response.kind !== "stream") throw new Error("Expected a stream");
      const iterator = response.events[Symbol.asyncIterator]();
      await iterator.next();
      return iterator;
    }

    async function failureOf(promise: Promise<unknown>): Promise<RouterError> {
      return promise.then(
        () => {
          throw new Error("It did not fail");
        },
        (error: unknown) => RouterError.from(error),
      );
    }

    check("names itself, its language and its upstream", async () => {
      expect(executor.id).toMatch(/^[a-z\d-]+$/u);
      expect(executor.wire).toBe("openai-responses");
      expect(sandbox.url).toBe(`http://${executor.upstreamHost}`);
      await until(() => true, "nothing");
    });

    check("text: every event of the answer, in order, the last one terminal", async () => {
      script(text);
      const { events, error } = await run();
      expect(error).toBeUndefined();
      expect(events.every((event) => parse(event)["type"] === event.type)).toBe(true);
      const types = events.map((event) => event.type).filter((type) => type.startsWith("response."));
      expect(types[0]).toBe("response.created");
      expect(types.at(-1)).toBe("response.completed");
      const deltas = events.filter((event) => event.type === "response.output_text.delta");
      expect(deltas.map((event) => parse(event)["delta"]).join("")).toBe("Hello to you, whoever you are.");
    });

    check("tools in parallel keep their calls apart", async () => {
      script(answer(say.parallel([say.call("first", { a: 1 }), say.call("second", { b: 2 })])));
      const { events, error } = await run();
      expect(error).toBeUndefined();
      expect(itemsOf(events)).toMatchObject([
        { type: "function_call", name: "first", arguments: '{"a":1}' },
        { type: "function_call", name: "second", arguments: '{"b":2}' },
      ]);
    });

    check("reasoning arrives with its encrypted content, and is taken back", async () => {
      script(answer(say.reasoning("Thinking"), say.text("Done")));
      const first = await run();
      expect(first.error).toBeUndefined();
      const items = itemsOf(first.events);
      expect(items[0]).toMatchObject({ type: "reasoning", encrypted_content: expect.any(String) });
      const second = await run({ ...question, input: [...(question["input"] as JsonObject[]), ...items] });
      expect(second.error).toBeUndefined();
    });

    check("structured output follows the schema", async () => {
      script(answer(say.json({ city: "Bern" })));
      const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
      const format = { type: "json_schema", name: "place", strict: true, schema };
      const { events, error } = await run({ ...question, text: { format } });
      expect(error).toBeUndefined();
      const done = events.find((event) => event.type === "response.output_text.done");
      expect(done === undefined ? undefined : parse(done)["text"]).toBe('{"city":"Bern"}');
    });

    check("an unfinished answer ends with its own terminal event", async () => {
      script({ ...text, finish: { type: "incomplete", reason: "max_output_tokens" } });
      const { events, error } = await run();
      expect(error).toBeUndefined();
      expect(events.at(-1)?.type).toBe("response.incomplete");
    });

    check("unknown events pass through", async () => {
      script(text, faults.unknownEvents());
      const { events, error } = await run();
      expect(error).toBeUndefined();
      expect(events.at(-1)?.type).toBe("response.completed");
    });

    check("nothing follows the terminal event", async () => {
      script(text, faults.extraAfterTerminal());
      const { events, error } = await run();
      expect(error).toBeUndefined();
      expect(events.at(-1)?.type).toBe("response.completed");
    });

    check("one-byte chunks make the same events", async () => {
      script(text, faults.oneByteChunks());
      const { events, error } = await run();
      expect(error).toBeUndefined();
      const deltas = events.filter((event) => event.type === "response.output_text.delta");
      expect(deltas.map((event) => parse(event)["delta"]).join("")).toBe("Hello to you, whoever you are.");
    });

    check("a body the upstream refuses fields of is answered, and the report names them", async () => {
      script(text);
      const response = await execute({ ...question, temperature: 0.5, store: true, max_output_tokens: 5 });
      const { error } = await collectEvents(response);
      expect(error).toBeUndefined();
      const paths = response.meta.report?.dropped.map((loss) => loss.path) ?? [];
      expect(paths).toEqual(expect.arrayContaining(["temperature", "store", "max_output_tokens"]));
    });

    check("the given body is not changed", async () => {
      const before = JSON.stringify(question);
      script(text);
      await run();
      expect(JSON.stringify(question)).toBe(before);
    });

    // With the prelude that sockets have anyway, so that both transports have the same boundaries.
    const cutText = { ...text, prelude: true };
    const events = renderEvents(cutText);
    for (const how of ["reset", "close"] as const) {
      check(`a ${how} at every event boundary is an error, never a clean end`, async () => {
        for (let after = 0; after < events.length; after += 1) {
          script(cutText, faults.cut({ after, how }));
          const outcome = await run();
          expect(outcome.error?.code, `after ${after} events`).toBe("upstream-unavailable");
          expect(outcome.error?.details).toMatchObject({ requestSent: true });
          expect(outcome.events.some((event) => event.type === "response.completed")).toBe(false);
        }
      });
    }

    check("an end without terminal event is an error", async () => {
      script(text, faults.noTerminal());
      expect((await run()).error?.code).toBe("upstream-unavailable");
    });

    for (const what of ["broken-json", "non-object"] as const) {
      check(`a malformed event (${what}) is an error`, async () => {
        script(text, faults.malformed(what));
        expect((await run()).error?.code).toBe("upstream-malformed");
      });
    }

    check("a used-up plan is usage-limited with its reset", async () => {
      script(text, faults.rateLimit({ resetsInSeconds: 1_800 }));
      const { error } = await run();
      expect(error).toMatchObject({
        code: "usage-limited",
        details: { retryAfterMs: expect.any(Number), resetsAt: expect.any(Number) },
      });
      const waitMs = error === undefined ? 0 : (retryAfterMs(RouterError.from(error)) ?? 0);
      expect(waitMs).toBeGreaterThan(1_700_000);
      expect(waitMs).toBeLessThanOrEqual(1_800_000);
    });

    check("a refused request is mapped by its status, and told when to come back", async () => {
      const refusals = { 401: "credential-rejected", 429: "rate-limited" };
      for (const [status, code] of Object.entries(refusals)) {
        sandbox.script({ fault: refuse(Number(status), { "retry-after": "3" }) });
        expect((await run()).error?.code, status).toBe(code);
      }
      sandbox.script({ fault: refuse(429, { "retry-after-ms": "1500" }) });
      const { error } = await run();
      expect(error === undefined ? undefined : retryAfterMs(RouterError.from(error))).toBe(1_500);
      for (const status of [400, 403, 404, 418, 500, 502, 503]) {
        sandbox.script({ fault: refuse(status) });
        const refused = (await run()).error;
        expect(refused, String(status)).toBeDefined();
        expect(refused?.code, String(status)).not.toBe("internal");
      }
    });

    check("a token the upstream does not know is credential-rejected", async () => {
      credential = { ...credential, secret: "nonsense" };
      const { error } = await run();
      expect(error?.code).toBe("credential-rejected");
      expect(error?.message).not.toContain("nonsense");
    });

    check("an expired token is credential-rejected", async () => {
      sandbox.expireTokens(credential.accountKey);
      expect((await run()).error?.code).toBe("credential-rejected");
    });

    check("an unknown model is not-found", async () => {
      expect((await run({ ...question, model: "gpt-0" })).error?.code).toBe("not-found");
    });

    check("a page of an edge says nothing about the account", async () => {
      script(text, faults.html(403));
      const { error } = await run();
      expect(["upstream-malformed", "upstream-unavailable"]).toContain(error?.code);
    });

    check("an answer that does not begin is upstream-timeout, and its socket is closed", async () => {
      sandbox.script({ fault: faults.stall(0), answer: text });
      const outcome = run();
      await until(() => sandbox.openStreams === 1, "the request has not arrived");
      await runtime.advance(90_000);
      expect((await outcome).error?.code).toBe("upstream-timeout");
      await until(() => sandbox.openStreams === 0 && sandbox.openSockets === 0, "the upstream goes on");
    });

    check("a hanging upstream is upstream-timeout", async () => {
      sandbox.script({ fault: faults.hang() });
      const outcome = run();
      await until(hasArrived, "the request has not arrived");
      await runtime.advance(90_000);
      expect((await outcome).error?.code).toBe("upstream-timeout");
    });

    check("silence after the first event is upstream-timeout, and its socket is closed", async () => {
      script(text, faults.stall(4));
      const iterator = await begin();
      const next = (async () => {
        for (let step = await iterator.next(); step.done !== true; step = await iterator.next());
      })();
      const failure = failureOf(next);
      await runtime.settle();
      await runtime.advance(300_000);
      expect((await failure).code).toBe("upstream-timeout");
      await until(() => sandbox.openStreams === 0 && sandbox.openSockets === 0, "the upstream goes on");
    });

    check("an abort during the stream frees the upstream", async () => {
      script(text, faults.stall(4));
      const iterator = await begin();
      const failure = failureOf(
        (async () => {
          for (let step = await iterator.next(); step.done !== true; step = await iterator.next());
        })(),
      );
      controller.abort();
      expect((await failure).code).toBe("client-closed");
      await until(() => sandbox.openStreams === 0 && sandbox.openSockets === 0, "the upstream goes on");
    });

    check("an abort before the first event frees the upstream and tells the signal's reason", async () => {
      sandbox.script({ fault: faults.stall(0), answer: text });
      const outcome = run();
      await until(() => sandbox.openStreams === 1, "the request has not arrived");
      controller.abort(new RouterError("shutting-down", "Stopping", {}));
      expect((await outcome).error?.code).toBe("shutting-down");
      await until(() => sandbox.openStreams === 0 && sandbox.openSockets === 0, "the upstream goes on");
    });

    check("a signal that is aborted already sends nothing", async () => {
      controller.abort();
      expect((await run()).error?.code).toBe("client-closed");
      expect(sandbox.requests).toHaveLength(0);
    });

    check("leaving the iteration early frees the upstream", async () => {
      script(text, faults.stall(4));
      const iterator = await begin();
      await iterator.return?.();
      await until(() => sandbox.openStreams === 0 && sandbox.openSockets === 0, "the upstream goes on");
    });

    check("a reader that does not read holds the upstream back, and is not timed out", async () => {
      const megabyte = say.text("x".repeat(1_000_000), { deltaLength: 20_000 });
      script({ ...answer(...Array.from({ length: 10 }, () => megabyte)), emptyTerminalOutput: true });
      const response = await execute();
      for (let turn = 0; turn < 300; turn += 1) await runtime.settle();
      await runtime.advance(1_000_000);
      expect(sandbox.openStreams).toBe(1);
      const { events: read, error } = await collectEvents(response);
      expect(error).toBeUndefined();
      expect(read.filter((event) => event.type === "response.output_text.delta")).toHaveLength(500);
    });

    check("no listener, timer or socket is left over", async () => {
      for (const fault of [undefined, faults.cut({ after: 2 }), faults.malformed(), faults.rateLimit()]) {
        script(text, fault);
        await run();
      }
      expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
      await until(() => runtime.pendingTimers === 0, "a timer is left over");
      await until(() => sandbox.openStreams === 0 && sandbox.openSockets === 0, "a socket is left over");
    });

    check("nobody listening is upstream-unavailable, and nothing was sent", async () => {
      await sandbox.close();
      const { error } = await run();
      expect(error?.code).toBe("upstream-unavailable");
      expect(error?.details).toMatchObject({ requestSent: false });
    });
  });
}
