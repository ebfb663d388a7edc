import OpenAI from "openai";
import { request } from "undici";
import { describe, expect, test } from "vitest";
import { answer, createSandbox, faults, openaiModels, sandboxModels, sandboxOptionsSchema, say } from "./index.ts";
import {
  deltaText,
  finalResponse,
  goodBody,
  identity,
  openSocket,
  outputItems,
  parseSse,
  post,
  startSandbox,
  testRuntime,
  turns,
  until,
  userMessage,
} from "../test/harness.ts";

async function get(url: string, headers: Record<string, string> = {}) {
  const { statusCode, headers: answered, body } = await request(url, { headers });
  return { status: statusCode, headers: answered, body: JSON.parse(await body.text()) };
}

describe("POST /responses", () => {
  test("answers with SSE and the headers that clients read", async () => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount();
    const { status, headers, events } = await post(sandbox, account, goodBody());
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "openai-model": "gpt-5.4",
      "x-request-id": expect.any(String),
      "x-models-etag": expect.any(String),
      "x-reasoning-included": "true",
      "x-codex-primary-window-minutes": "300",
      "x-codex-secondary-window-minutes": "10080",
    });
    expect(finalResponse(events)).toMatchObject({ status: "completed", model: "gpt-5.4", store: false });
    const state = String(headers["x-codex-turn-state"]);
    expect((await post(sandbox, account, goodBody(), { headers: { "x-codex-turn-state": state } })).status).toBe(200);
    const other = sandbox.createAccount();
    expect((await post(sandbox, other, goodBody(), { headers: { "x-codex-turn-state": state } })).status).toBe(400);
  });

  test("gives new ids for the same script each time", async () => {
    const sandbox = await startSandbox({ answer: answer(say.call("shell")) });
    const account = sandbox.createAccount();
    const first = outputItems((await post(sandbox, account, goodBody())).events);
    const second = outputItems((await post(sandbox, account, goodBody())).events);
    expect(first[0]?.id).not.toBe(second[0]?.id);
    expect(first[0]?.call_id).not.toBe(second[0]?.call_id);
  });

  test("gives the same ids for the same seed", async () => {
    const run = async () => {
      const sandbox = await startSandbox({ seed: 7, runtime: testRuntime() });
      const account = sandbox.createAccount();
      // Not the access token: it names the issuer, whose port differs.
      return [account.refreshToken, (await post(sandbox, account, goodBody())).text];
    };
    expect(await run()).toEqual(await run());
  });

  test("waits as the script says, and sends the rest in one go", async () => {
    const runtime = testRuntime();
    const sandbox = await startSandbox({ runtime, latencyMs: 100 });
    sandbox.script({ answer: answer(say.text("One."), say.silence(5_000), say.text("Two.")) });
    const posting = post(sandbox, sandbox.createAccount(), goodBody());
    await until(() => sandbox.openStreams === 1);
    await runtime.advance(5_099);
    await turns();
    expect(sandbox.openStreams).toBe(1);
    await runtime.advance(1);
    expect(deltaText((await posting).events)).toBe("One.Two.");
    expect(sandbox.openStreams).toBe(0);
    expect(runtime.pendingTimers).toBe(0);
  });

  test("stops when the client goes", async () => {
    const runtime = testRuntime();
    const sandbox = await startSandbox({ runtime });
    sandbox.script({ answer: answer(say.text("One."), say.silence(5_000), say.text("Two.")) });
    const controller = new AbortController();
    const posting = post(sandbox, sandbox.createAccount(), goodBody(), { signal: controller.signal });
    await until(() => sandbox.requests.at(-1)?.status === 200);
    controller.abort();
    await posting.catch(() => {});
    await until(() => sandbox.openStreams === 0);
    expect(sandbox.requests).toMatchObject([{ outcome: "aborted" }]);
    expect(runtime.pendingTimers).toBe(0);
  });

  test("respects back-pressure", async () => {
    const long = say.text("x".repeat(1_500_000), { deltaLength: 1_000 });
    // More than the kernel's buffers take, well before the last write.
    const sandbox = await startSandbox({ answer: answer(long, long, long) });
    const headers = identity(sandbox.createAccount(), {
      "content-type": "application/json",
      accept: "text/event-stream",
    });
    const options = { method: "POST", headers, body: JSON.stringify(goodBody()) } as const;
    const { body } = await request(`${sandbox.codexBaseUrl}/responses`, options);
    await turns(200);
    expect(sandbox.requests[0]?.outcome).toBe("pending");
    expect(deltaText(parseSse(await body.text()))).toHaveLength(4_500_000);
    expect(sandbox.openStreams).toBe(0);
  });

  test("refuses what is no JSON", async () => {
    const sandbox = await startSandbox();
    const answered = await post(sandbox, sandbox.createAccount(), "{");
    expect(answered).toMatchObject({ status: 400, text: expect.stringContaining("not JSON") });
  });

  test("refuses a compression it does not know", async () => {
    const sandbox = await startSandbox();
    const headers = { "content-encoding": "br" };
    expect((await post(sandbox, sandbox.createAccount(), goodBody(), { headers })).status).toBe(415);
  });

  test("sends as many events in a write as eventsPerWrite says, and the same whole", async () => {
    const script = answer(say.text("abcdefgh", { deltas: 8 }));
    const texts = await Promise.all(
      [1, 4, 1_000].map(async (eventsPerWrite) => {
        const sandbox = await startSandbox({ eventsPerWrite, answer: script, runtime: testRuntime() });
        return (await post(sandbox, sandbox.createAccount(), goodBody())).text;
      }),
    );
    expect(new Set(texts).size).toBe(1);
  });
});

describe("POST /responses/compact", () => {
  test("keeps the user's messages and adds an item that can be replayed", async () => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount();
    const body = {
      model: "gpt-5.4",
      instructions: "",
      input: [userMessage("Hi"), { role: "developer", content: "x" }],
    };
    const { status, text } = await post(sandbox, account, body, { path: "/responses/compact" });
    expect(status).toBe(200);
    const { output } = JSON.parse(text);
    expect(output).toMatchObject([{ role: "user" }, { type: "compaction", encrypted_content: expect.any(String) }]);
    expect((await post(sandbox, account, goodBody({ input: [...output, userMessage("And?")] }))).status).toBe(200);
    const foreign = await post(sandbox, sandbox.createAccount(), goodBody({ input: output }));
    expect(foreign.text).toContain("invalid_encrypted_content");
  });

  test.each([
    [{ model: "gpt-5.4", input: "Hi" }, "Input must be a list"],
    [{ model: "gpt-5.4", input: [], store: false }, "Unsupported parameter: store"],
    [{ model: "gpt-4o", input: [] }, "not supported"],
  ])("refuses %o", async (body, piece) => {
    const sandbox = await startSandbox();
    const answered = await post(sandbox, sandbox.createAccount(), body, { path: "/responses/compact" });
    expect(answered).toMatchObject({ status: 400, text: expect.stringContaining(piece) });
  });
});

describe("GET", () => {
  test("/models gives the catalogue, by client version", async () => {
    const sandbox = await startSandbox();
    const headers = identity(sandbox.createAccount());
    const all = await get(`${sandbox.codexBaseUrl}/models?client_version=0.160.0`, headers);
    expect(all).toMatchObject({ status: 200, headers: { etag: expect.any(String) } });
    expect(all.body.models).toHaveLength(sandboxModels.length);
    const fields = ["slug", "display_name", "shell_type", "visibility", "priority", "base_instructions"];
    for (const field of fields) expect(all.body.models[0]).toHaveProperty(field);
    const old = await get(`${sandbox.codexBaseUrl}/models?client_version=0.98.0`, headers);
    expect(old.body.models.map(({ slug }: { slug: string }) => slug)).toEqual([
      "gpt-5.4",
      "gpt-5.4-mini",
      "codex-auto-review",
    ]);
    expect((await get(`${sandbox.codexBaseUrl}/models`, headers)).status).toBe(400);
  });

  test.each(["/wham/usage", "/backend-api/wham/usage"])("%s gives the plan's limits", async (path) => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount({ planType: "pro" });
    expect(await get(sandbox.url + path, identity(account))).toMatchObject({
      status: 200,
      body: {
        plan_type: "pro",
        rate_limit: {
          allowed: true,
          primary_window: { used_percent: 0, limit_window_seconds: 18_000, reset_after_seconds: 18_000 },
          secondary_window: { limit_window_seconds: 604_800 },
        },
      },
    });
    expect((await get(sandbox.url + path)).status).toBe(401);
  });

  test("uses the plan up, a little with every answer", async () => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount();
    for (let count = 0; count < 20; count += 1) await post(sandbox, account, goodBody());
    const { body } = await get(`${sandbox.url}/wham/usage`, identity(account));
    expect(body.rate_limit.primary_window.used_percent).toBe(2);
  });

  test.each(["/", "/backend-api/codex/unknown", "/backend-api/wham/tasks", "/backend-api/codex/responses"])(
    "%s is 404",
    async (path) => {
      const sandbox = await startSandbox();
      expect(await get(sandbox.url + path)).toMatchObject({ status: 404, body: { detail: "Not Found" } });
    },
  );
});

describe("/v1 with an API key", () => {
  async function start() {
    const sandbox = await startSandbox();
    const { apiKey, accountId } = sandbox.createAccount({ apiKey: true });
    const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
    const send = async (body: object) => {
      const options = { method: "POST", headers, body: JSON.stringify(body) } as const;
      const answered = await request(`${sandbox.url}/v1/responses`, options);
      return { status: answered.statusCode, text: await answered.body.text() };
    };
    return { sandbox, apiKey, accountId, headers, send };
  }

  test("takes a text, sampling parameters and store, and answers one document", async () => {
    const { send } = await start();
    const { status, text } = await send({ model: "gpt-5.4", input: "[[say: Hi]]", temperature: 1, store: true });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ object: "response", output: [{ content: [{ text: "Hi" }] }] });
  });

  test("streams when asked", async () => {
    const { send } = await start();
    const { text } = await send({ model: "gpt-5.4", input: "[[say: Hi]]", stream: true });
    expect(deltaText(parseSse(text))).toBe("Hi");
  });

  test("keeps credentials of the two endpoints apart", async () => {
    const { sandbox, headers } = await start();
    const options = { method: "POST", headers: { ...headers, accept: "text/event-stream" }, body: "{}" } as const;
    expect((await request(`${sandbox.codexBaseUrl}/responses`, options)).statusCode).toBe(401);
    const account = sandbox.createAccount();
    expect((await get(`${sandbox.url}/v1/models`, identity(account))).status).toBe(401);
  });

  test("lists models, and refuses an unknown one", async () => {
    const { sandbox, headers, send } = await start();
    const { body } = await get(`${sandbox.url}/v1/models`, headers);
    expect(body.data).toHaveLength(openaiModels.length);
    expect((await send({ model: "gpt-0", input: "Hi" })).status).toBe(404);
  });

  test("speaks WebSocket, without a beta header", async () => {
    const { sandbox, apiKey, accountId } = await start();
    const account = { ...sandbox.createAccount(), accountId, accessToken: apiKey };
    const socket = await openSocket(sandbox, account, {
      url: `${sandbox.url}/v1/responses`,
      headers: { "openai-beta": "", originator: "", "chatgpt-account-id": "" },
    });
    socket.create({ temperature: 1 });
    expect((await socket.answer()).at(-1)?.type).toBe("response.completed");
  });
});

describe("requests", () => {
  test("tell what was asked, over which connection, and what came of it", async () => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount();
    await post(sandbox, account, goodBody());
    const socket = await openSocket(sandbox, account);
    socket.create();
    const { id } = finalResponse(await socket.answer());
    expect(sandbox.requests).toMatchObject([
      { kind: "response", transport: "http", method: "POST", path: "/backend-api/codex/responses", status: 200 },
      { kind: "handshake", transport: "ws", method: "GET", outcome: "accepted", status: 101 },
      { kind: "response", transport: "ws", outcome: "completed", responseId: id, accountId: account.accountId },
    ]);
    const [http, handshake, message] = sandbox.requests;
    expect(http?.body).toEqual(goodBody());
    expect(http?.input).toEqual([userMessage("Hello")]);
    expect(http?.connection).not.toBe(handshake?.connection);
    expect(message?.connection).toBe(handshake?.connection);
    expect(message?.headers.originator).toBe("codex_cli_rs");
  });

  test("keep the newest only", async () => {
    const sandbox = await startSandbox({ maxRecordedRequests: 2 });
    const account = sandbox.createAccount();
    for (const text of ["one", "two", "three"]) {
      await post(sandbox, account, goodBody({ input: [userMessage(text)] }));
    }
    expect(sandbox.requests.map(({ input }) => input)).toEqual([[userMessage("two")], [userMessage("three")]]);
  });
});

test("requests keep at most 64 MiB of bodies", async () => {
  const sandbox = await startSandbox();
  const account = sandbox.createAccount();
  const instructions = "x".repeat(15_000_000);
  for (let count = 0; count < 6; count += 1) {
    expect((await post(sandbox, account, goodBody({ instructions }))).status).toBe(200);
  }
  expect(sandbox.requests).toHaveLength(4);
});

test("the official SDK reads a stream", async () => {
  const sandbox = await startSandbox();
  const { apiKey } = sandbox.createAccount({ apiKey: true });
  const client = new OpenAI({ apiKey, baseURL: `${sandbox.url}/v1`, maxRetries: 0 });
  sandbox.script({ answer: answer(say.reasoning("Hm."), say.text("Hello."), say.call("shell", { a: 1 })) });
  const stream = client.responses.stream({ model: "gpt-5.4", input: "Hi" });
  const response = await stream.finalResponse();
  expect(response.output_text).toBe("Hello.");
  expect(response.output.map(({ type }) => type)).toEqual(["reasoning", "message", "function_call"]);
  expect(response.usage?.total_tokens).toBeGreaterThan(0);
});

describe("close()", () => {
  test("leaves no socket, no stream and no timer", async () => {
    const runtime = testRuntime();
    const sandbox = await createSandbox({ runtime });
    const account = sandbox.createAccount();
    const idle = await openSocket(sandbox, account);
    const busy = await openSocket(sandbox, account);
    sandbox.script({ transport: "ws", answer: answer(say.silence(60_000), say.text("Late.")) });
    sandbox.script({ transport: "http", answer: answer(say.silence(60_000), say.text("Late.")) });
    sandbox.script({ transport: "http", fault: faults.stall(2) });
    busy.create();
    const posts = [post(sandbox, account, goodBody()), post(sandbox, account, goodBody())];
    await until(() => sandbox.openStreams === 3);
    await sandbox.close();
    const results = await Promise.all(posts);
    expect(results.map(({ broken }) => broken)).toEqual([true, true]);
    await idle.closed;
    await busy.closed;
    await until(() => sandbox.openSockets === 0);
    expect(sandbox.openStreams).toBe(0);
    expect(runtime.pendingTimers).toBe(0);
    await expect(get(sandbox.url)).rejects.toThrow("ECONNREFUSED");
  });
});

describe("options", () => {
  test("come from a file: scenarios are queued at the start", async () => {
    const file = JSON.stringify({
      answer: { steps: [{ type: "text", text: "From the file." }] },
      scenarios: [{ transport: "http", fault: { type: "http", status: 503 } }],
    });
    const sandbox = await startSandbox(sandboxOptionsSchema.parse(JSON.parse(file)));
    const account = sandbox.createAccount();
    expect((await post(sandbox, account, goodBody())).status).toBe(503);
    expect(deltaText((await post(sandbox, account, goodBody())).events)).toBe("From the file.");
  });

  test("that are unknown are refused", async () => {
    await expect(createSandbox(JSON.parse('{"ports":1}'))).rejects.toThrow("Unrecognized key");
  });

  test("port: one that is taken is refused", async () => {
    const sandbox = await startSandbox();
    await expect(createSandbox({ port: Number(new URL(sandbox.url).port) })).rejects.toThrow("EADDRINUSE");
  });
});
