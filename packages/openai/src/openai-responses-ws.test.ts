import type { Credential, Executor, WireRequest } from "@turnout/core";
import { collectEvents, createExecuteContext, createSandbox, faults, type Sandbox } from "@turnout/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createOpenaiResponsesWs } from "./openai-responses-ws.ts";

describe("createOpenaiResponsesWs()", () => {
  let sandbox: Sandbox;
  let executor: Executor;
  let credential: Credential;

  beforeEach(async () => {
    sandbox = await createSandbox();
    const { apiKey } = sandbox.createAccount({ apiKey: true });
    credential = { accountKey: "key", kind: "api-key", secret: apiKey };
    executor = createOpenaiResponsesWs({ baseUrl: `${sandbox.url}/v1`, organization: "org-1" });
  });
  afterEach(async () => {
    await executor.close?.();
    await sandbox.close();
  });

  const request: WireRequest = {
    model: "gpt-5.4",
    body: {
      model: "gpt-5.4",
      input: [{ role: "user", content: "Hi" }],
      stream: true,
      stream_options: { include_obfuscation: false },
    },
    stream: true,
    session: { headers: { "openai-beta": "responses_websockets=2026-02-06" } },
  };

  test("opens its socket at /responses with no beta header, and sends no stream", async () => {
    const { error } = await collectEvents(await executor.execute(request, createExecuteContext({ credential })));
    expect(error).toBeUndefined();
    const [handshake, message] = sandbox.requests;
    expect(handshake).toMatchObject({ kind: "handshake", status: 101, path: "/v1/responses" });
    expect(handshake?.headers).toMatchObject({ "openai-organization": "org-1", "user-agent": "turnout" });
    expect(handshake?.headers).not.toHaveProperty("openai-beta");
    expect(message?.body).toEqual({ type: "response.create", model: "gpt-5.4", input: request.body["input"] });
  });

  test("sends previous_response_id as it is, and an unknown one is not-found", async () => {
    const body = { ...request.body, previous_response_id: "resp_unknown" };
    const failure = executor.execute({ ...request, body }, createExecuteContext({ credential }));
    await expect(failure).rejects.toMatchObject({
      code: "not-found",
      details: { path: "previous_response_id" },
    });
    expect(sandbox.requests.at(-1)?.body).toMatchObject({ previous_response_id: "resp_unknown" });
  });

  test("background is transport-unsuitable before anything is dialled", async () => {
    const body = { ...request.body, background: true };
    const failure = executor.execute({ ...request, body }, createExecuteContext({ credential }));
    await expect(failure).rejects.toMatchObject({ code: "transport-unsuitable" });
    expect(sandbox.requests).toEqual([]);
  });

  test("a refused upgrade tells its status and that nothing was sent, unless it is about the account", async () => {
    for (const status of [403, 404, 426, 503]) {
      sandbox.script({ fault: faults.handshake(status) });
      await expect(executor.execute(request, createExecuteContext({ credential }))).rejects.toMatchObject({
        code: "upstream-unavailable",
        details: { status, requestSent: false },
      });
    }
    sandbox.script({ fault: faults.handshake(429, { headers: { "retry-after": "2" } }) });
    await expect(executor.execute(request, createExecuteContext({ credential }))).rejects.toMatchObject({
      code: "rate-limited",
      details: { retryAfterMs: 2_000 },
    });
  });

  test("a socket that is too old is upstream-unavailable, as if nothing had been sent", async () => {
    sandbox.script({ fault: faults.connectionLimit() });
    await expect(executor.execute(request, createExecuteContext({ credential }))).rejects.toMatchObject({
      code: "upstream-unavailable",
      details: { requestSent: false },
    });
  });
});
