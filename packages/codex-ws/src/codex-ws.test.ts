import type { Credential, WireRequest } from "@turnout/core";
import {
  collectEvents,
  createExecuteContext,
  createSandbox,
  executorContract,
  faults,
  type Sandbox,
} from "@turnout/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { codexWs, createCodexWs } from "./codex-ws.ts";

// The contract dials more often than the backend likes, and its time leaps over the answers to pings.
const sessions = { dialSpacingMs: 0, pingIntervalMs: 86_400_000 };

executorContract({ name: "codex-ws", create: (sandbox) => createCodexWs({ baseUrl: sandbox.codexBaseUrl, sessions }) });

describe("createCodexWs()", () => {
  let sandbox: Sandbox;
  let credential: Credential;

  beforeEach(async () => {
    sandbox = await createSandbox();
    const { accountId, accessToken } = sandbox.createAccount();
    credential = { accountKey: "first", kind: "oauth", secret: accessToken, accountId };
  });
  afterEach(() => sandbox.close());

  const request: WireRequest = {
    model: "gpt-5.4",
    body: { model: "gpt-5.4", input: "Hi" },
    stream: false,
    session: { sessionId: "session-1" },
  };

  test("asks with one response.create, `type` first and `stream` in it", async () => {
    const executor = createCodexWs({ baseUrl: sandbox.codexBaseUrl });
    const response = await executor.execute(request, createExecuteContext({ credential }));
    expect(response.meta.session).toBe("fresh");
    const { error } = await collectEvents(response);
    expect(error).toBeUndefined();
    const [handshake, message, ...rest] = sandbox.requests;
    expect(rest).toEqual([]);
    expect(handshake).toMatchObject({ kind: "handshake", status: 101 });
    expect(handshake?.headers).toMatchObject({
      "openai-beta": "responses_websockets=2026-02-06",
      "session-id": "session-1",
      "x-client-request-id": "session-1",
    });
    expect(handshake?.headers).not.toHaveProperty("sec-websocket-extensions");
    expect(message?.body).toMatchObject({
      model: "gpt-5.4",
      stream: true,
      store: false,
      prompt_cache_key: "session-1",
    });
  });

  test.each(["/ws", "/responses"])("opens its socket at socketPath %s", async (socketPath) => {
    const executor = createCodexWs({ baseUrl: sandbox.codexBaseUrl, socketPath });
    const { error } = await collectEvents(await executor.execute(request, createExecuteContext({ credential })));
    expect(error).toBeUndefined();
    expect(sandbox.requests[0]?.path).toBe(`/backend-api/codex${socketPath}`);
  });

  test("a refused upgrade tells its status, and that nothing was sent", async () => {
    const executor = createCodexWs({ baseUrl: sandbox.codexBaseUrl });
    for (const status of [403, 404, 426, 503]) {
      sandbox.script({ fault: faults.handshake(status) });
      await expect(executor.execute(request, createExecuteContext({ credential }))).rejects.toMatchObject({
        code: "upstream-unavailable",
        details: { status, requestSent: false },
      });
    }
  });

  test("a body over maxFrameBytes is transport-unsuitable before anything is dialled", async () => {
    const executor = createCodexWs({ baseUrl: sandbox.codexBaseUrl });
    const body = { ...request.body, input: "x".repeat(15 * 1024 * 1024) };
    await expect(executor.execute({ ...request, body }, createExecuteContext({ credential }))).rejects.toMatchObject({
      code: "transport-unsuitable",
    });
    expect(sandbox.requests).toEqual([]);
  });

  test("a socket that is too old is upstream-unavailable, as if nothing had been sent", async () => {
    const executor = createCodexWs({ baseUrl: sandbox.codexBaseUrl });
    sandbox.script({ fault: faults.connectionLimit() });
    await expect(executor.execute(request, createExecuteContext({ credential }))).rejects.toMatchObject({
      code: "upstream-unavailable",
      details: { requestSent: false },
    });
  });

  test.each(["nested", "flat", "body-error", "response.failed", "status-code"] as const)(
    "an error event of the shape %s before the answer is thrown as what it is",
    async (shape) => {
      const executor = createCodexWs({ baseUrl: sandbox.codexBaseUrl });
      const error = { type: "invalid_request_error", code: "context_length_exceeded", message: "Too long" };
      sandbox.script({ fault: faults.errorEvent({ status: 400, error, shape }) });
      await expect(executor.execute(request, createExecuteContext({ credential }))).rejects.toMatchObject({
        code: "context-too-long",
      });
    },
  );
});

test("codexWs makes an executor unless only HTTP is wanted", () => {
  const make = (transport: "auto" | "ws" | "http") =>
    codexWs.createExecutors(codexWs.options.parse({ transport }), createExecuteContext().runtime);
  expect(make("auto").map((executor) => executor.id)).toEqual(["codex-ws"]);
  expect(make("ws").map((executor) => executor.transport)).toEqual(["ws"]);
  expect(make("http")).toEqual([]);
});
