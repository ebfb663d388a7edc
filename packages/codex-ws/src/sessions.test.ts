import type { Credential, ExecuteContext, Executor, JsonObject, JsonValue, WireRequest } from "@turnout/core";
import { isJsonObject, RouterError } from "@turnout/core";
import {
  collectEvents,
  createExecuteContext,
  createFakeRuntime,
  createSandbox,
  faults,
  type Sandbox,
} from "@turnout/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createCodexWs } from "./codex-ws.ts";

let sandbox: Sandbox;
let credential: Credential;
let executor: Executor;
const runtime = createFakeRuntime();

beforeEach(async () => {
  sandbox = await createSandbox();
  const { accountId, accessToken } = sandbox.createAccount();
  credential = { accountKey: "first", kind: "oauth", secret: accessToken, accountId };
  executor = createCodexWs({ baseUrl: sandbox.codexBaseUrl, sessions: { dialSpacingMs: 0 } }, { runtime });
});
afterEach(async () => {
  await executor.close?.();
  await sandbox.close();
});

function context(): ExecuteContext {
  return createExecuteContext({ credential, runtime });
}

function user(text: string): JsonObject {
  return { type: "message", role: "user", content: [{ type: "input_text", text }] };
}

interface Asked {
  readonly session: string | undefined;
  readonly output: readonly JsonObject[];
  readonly difference: string | undefined;
}

const settings = { model: "gpt-5.4", instructions: "Be brief", tools: [], reasoning: { effort: "low" } };

async function ask(
  input: readonly JsonValue[],
  more: Partial<WireRequest> & { fields?: JsonObject } = {},
): Promise<Asked> {
  const { fields, ...rest } = more;
  const request: WireRequest = { model: "gpt-5.4", body: { ...settings, ...fields, input }, stream: true, ...rest };
  const response = await executor.execute(request, context());
  const { events, error } = await collectEvents(response);
  if (error !== undefined) throw RouterError.from(error);
  const output = events
    .filter(({ type }) => type === "response.output_item.done")
    .map(({ data }) => JSON.parse(data) as { item: JsonObject })
    .map(({ item }) => item);
  return { session: response.meta.session, output, difference: response.meta.traffic?.difference };
}

const thoughtful = { answer: { steps: [{ type: "reasoning" as const }, { type: "text" as const, text: "Hi" }] } };

/** The bodies of the requests, as they travelled. */
function sent(): JsonObject[] {
  return sandbox.requests.filter(({ kind }) => kind === "response").map(({ body }) => (isJsonObject(body) ? body : {}));
}

describe("a conversation on one socket", () => {
  test("the second turn carries what is new, and the upstream has all of it", async () => {
    const first = [user("Hello")];
    const answer = await ask(first);
    const whole = [...first, ...answer.output, user("And now?")];
    const next = await ask(whole);
    expect([answer.session, next.session]).toEqual(["fresh", "incremental"]);
    const [, message] = sent();
    expect(message).toMatchObject({ input: [user("And now?")], instructions: "Be brief" });
    expect(message?.["previous_response_id"]).toMatch(/^resp_/);
    expect(sandbox.requests.at(-1)?.input).toHaveLength(whole.length);
    expect(sandbox.openSockets).toBe(1);
  });

  test("a client that carries no reasoning and no ids goes on all the same, when it speaks another format", async () => {
    const first = [user("Hello")];
    sandbox.script(thoughtful);
    const { output } = await ask(first, { translated: true });
    const replayed = output
      .filter(({ type }) => type !== "reasoning")
      .map(({ id: _id, status: _status, ...item }) => item);
    expect(replayed.length).toBeLessThan(output.length);
    const next = await ask([...first, ...replayed, user("On")], { translated: true });
    expect(next.session).toBe("incremental");
  });

  test("a client of the same format that leaves reasoning out is taken at its word", async () => {
    const first = [user("Hello")];
    sandbox.script(thoughtful);
    const { output } = await ask(first);
    const replayed = output.filter(({ type }) => type !== "reasoning");
    const next = await ask([...first, ...replayed, user("On")], { session: { sessionId: "a" } });
    expect(next.session).toBe("fresh");
    expect(sandbox.requests.at(-1)?.input).toHaveLength(replayed.length + 2);
  });

  test.each([
    ["model", { fields: { model: "gpt-5.5" }, model: "gpt-5.5" }, undefined],
    ["instructions", { fields: { instructions: "Be long" } }, "instructions"],
    ["effort", { fields: { reasoning: { effort: "high" } } }, "reasoning"],
    ["tools", { fields: { tools: [{ type: "function", name: "f", parameters: {} }] } }, "tools"],
  ])("another %s goes in full on another socket, and the difference is named", async (_what, more, difference) => {
    const first = [user("Hello")];
    const { output } = await ask(first);
    const whole = [...first, ...output, user("On")];
    const other = await ask(whole, more);
    expect(other).toMatchObject({ session: "fresh", difference });
    expect(sandbox.openSockets).toBe(2);
    // The first socket still stands where it stood.
    expect((await ask(whole)).session).toBe("incremental");
  });

  test("an edited item is named", async () => {
    const session = { sessionId: "thread" };
    const first = [user("One"), user("Two")];
    const { output } = await ask(first, { session });
    const edited = await ask([user("One"), user("Too"), ...output, user("On")], { session });
    expect(edited).toMatchObject({ session: "fresh", difference: "input[1].content[0]" });
  });

  test.each([
    ["previous_response_not_found", { code: "previous_response_not_found" }, "nested"],
    ["invalid previous_response_id", { message: "Invalid `previous_response_id`." }, "nested"],
    ["response.failed", { code: "previous_response_not_found" }, "response.failed"],
    ["connection limit", { code: "websocket_connection_limit_reached" }, "nested"],
  ] as const)("a stale anchor (%s) costs one more sending, unseen", async (_name, error, shape) => {
    const first = [user("Hello")];
    const { output } = await ask(first);
    const whole = [...first, ...output, user("On")];
    sandbox.script({
      fault: faults.errorEvent({ status: 400, error, shape, afterEvents: shape === "response.failed" ? 3 : 0 }),
    });
    const next = await ask(whole);
    expect(next.session).toBe("fresh");
    expect(sent().map((body) => body["previous_response_id"] !== undefined)).toEqual([false, true, false]);
    expect(sandbox.requests.at(-1)?.input).toHaveLength(whole.length);
  });

  test.each([1000, 1001, 1006, 1008, 1011, 1012, 1013] as const)(
    "a socket that closes with %i on the request costs one more sending, unseen",
    async (how) => {
      const first = [user("Hello")];
      const { output } = await ask(first);
      sandbox.script({ fault: faults.cut({ how }) });
      const next = await ask([...first, ...output, user("On")]);
      expect(next.session).toBe("fresh");
      expect(sent()).toHaveLength(3);
    },
  );

  test("an upstream event between two turns ends the socket", async () => {
    const first = [user("Hello")];
    sandbox.script({ fault: faults.extraAfterTerminal() });
    const { output } = await ask(first);
    await expect.poll(() => sandbox.openSockets).toBe(0);
    expect((await ask([...first, ...output, user("On")])).session).toBe("fresh");
  });

  test("with warmUp a lost socket is made up for by a second one, whose tools and instructions are loaded", async () => {
    const sessions = { dialSpacingMs: 0, warmUp: true };
    await executor.close?.();
    executor = createCodexWs({ baseUrl: sandbox.codexBaseUrl, sessions }, { runtime });
    const session = { sessionId: "thread" };
    const first = [user("Hello")];
    const { output } = await ask(first, { session });
    await expect.poll(() => sent().map((body) => body["generate"])).toEqual([undefined, false]);
    await expect.poll(() => sandbox.requests.at(-1)?.outcome).toBe("completed");
    const whole = [...first, ...output, user("On")];
    sandbox.script({ fault: faults.cut({ how: 1012 }) });
    expect((await ask(whole, { session })).session).toBe("fresh");
    const edited = await ask([user("Another"), ...output, user("On")], { session });
    expect(edited.session).toBe("incremental");
    expect(sandbox.requests.at(-1)?.input).toHaveLength(whole.length);
  });
});
