import type { Credential, WireRequest } from "@turnout/core";
import { collectEvents, createExecuteContext, createSandbox, executorContract, type Sandbox } from "@turnout/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { codexHttp, createCodexHttp } from "./codex-http.ts";

executorContract({ name: "codex-http", create: (sandbox) => createCodexHttp({ baseUrl: sandbox.codexBaseUrl }) });

describe("createCodexHttp()", () => {
  let sandbox: Sandbox;
  let credential: Credential;

  beforeEach(async () => {
    sandbox = await createSandbox();
    const { accountId, accessToken } = sandbox.createAccount();
    credential = { accountKey: "first", kind: "oauth", secret: accessToken, accountId };
  });
  afterEach(() => sandbox.close());

  function ask(body: WireRequest["body"], headers: Record<string, string> = {}): WireRequest {
    return { model: "gpt-5.4", body: { model: "gpt-5.4", input: "Hi", ...body }, stream: true, session: { headers } };
  }

  test("gives a turn state back to the account it came from, and to no other", async () => {
    const executor = createCodexHttp({ baseUrl: sandbox.codexBaseUrl });
    const first = await executor.execute(ask({}), createExecuteContext({ credential }));
    await collectEvents(first);
    const turnState = first.meta.headers["x-codex-turn-state"];
    expect(turnState).toBeDefined();
    const again = ask({}, { "x-codex-turn-state": turnState ?? "" });
    await collectEvents(await executor.execute(again, createExecuteContext({ credential })));
    expect(sandbox.requests.at(-1)?.headers["x-codex-turn-state"]).toBe(turnState);

    const other = sandbox.createAccount();
    const second: Credential = {
      accountKey: "second",
      kind: "oauth",
      secret: other.accessToken,
      accountId: other.accountId,
    };
    // The sandbox refuses a turn state of another account, as the backend does.
    await collectEvents(await executor.execute(again, createExecuteContext({ credential: second })));
    expect(sandbox.requests.at(-1)).toMatchObject({ outcome: "completed", accountId: other.accountId });
    await executor.close?.();
  });

  test("sends an API key's body to the public API as it is, streaming aside", async () => {
    const { apiKey } = sandbox.createAccount({ apiKey: true });
    const executor = createCodexHttp({ baseUrl: `${sandbox.url}/v1` });
    const key: Credential = { accountKey: "key", kind: "api-key", secret: apiKey };
    const response = await executor.execute(ask({ temperature: 0.5 }), createExecuteContext({ credential: key }));
    const { error } = await collectEvents(response);
    expect(error).toBeUndefined();
    expect(sandbox.requests.at(-1)).toMatchObject({
      path: "/v1/responses",
      body: { model: "gpt-5.4", input: "Hi", temperature: 0.5, stream: true },
    });
    await executor.close?.();
  });
  test("asks for a shorter history where it is given, with what is taken there", async () => {
    const executor = createCodexHttp({ baseUrl: sandbox.codexBaseUrl });
    const request: WireRequest = {
      ...ask(
        { instructions: "Be kind", stream: true, metadata: { a: "b" } },
        { "x-codex-routing-hint": "model=other" },
      ),
      stream: false,
      operation: "compact",
    };
    const response = await executor.execute(request, createExecuteContext({ credential }));
    expect(response).toMatchObject({
      kind: "document",
      body: { output: [{ role: "user" }, { type: "compaction" }] },
      meta: { report: { dropped: [{ path: "metadata" }] } },
    });
    expect(sandbox.requests.at(-1)).toMatchObject({
      kind: "compact",
      outcome: "completed",
      headers: { accept: "application/json", "x-codex-routing-hint": "model=gpt-5.4" },
    });
    expect(executor.operations).toEqual(["compact"]);
    await executor.close?.();
  });
});

test("codexHttp makes an executor unless only WebSocket is wanted", () => {
  const make = (transport: "auto" | "ws" | "http") =>
    codexHttp.createExecutors(codexHttp.options.parse({ transport }), createExecuteContext().runtime);
  expect(make("auto").map((executor) => executor.id)).toEqual(["codex-http"]);
  expect(make("http").map((executor) => executor.transport)).toEqual(["http"]);
  expect(make("ws")).toEqual([]);
  expect(codexHttp.models.map((model) => model.id)).toContain("gpt-5.4");
});
