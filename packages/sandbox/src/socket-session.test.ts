import { isJsonObject, type JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";
import { answer, faults, say } from "./index.ts";
import {
  deltaText,
  eventTypes,
  finalResponse,
  goodBody,
  openSocket,
  outputItems,
  refusedHandshake,
  startSandbox,
  testRuntime,
  textOf,
  turns,
  until,
  userMessage,
} from "../test/harness.ts";

const callAnswer = answer(say.reasoning("I look."), say.call("shell", { command: "ls" }));

function responseId(events: readonly JsonObject[]): string {
  return textOf(finalResponse(events).id);
}

function callOutput(events: readonly JsonObject[]): JsonObject {
  const call = outputItems(events).find(({ type }) => type === "function_call");
  return { type: "function_call_output", call_id: call?.call_id, output: "a.txt" };
}

describe("a socket", () => {
  test("answers one response after the other", async () => {
    const sandbox = await startSandbox({ answer: answer(say.text("Hello there.")) });
    const socket = await openSocket(sandbox, sandbox.createAccount());
    for (let turn = 0; turn < 3; turn += 1) {
      socket.create();
      const events = await socket.answer();
      expect(deltaText(events)).toBe("Hello there.");
      expect(eventTypes(events).slice(0, 4)).toEqual([
        "codex.rate_limits",
        "codex.response.metadata",
        "response.created",
        "response.in_progress",
      ]);
    }
    expect(sandbox.openSockets).toBe(1);
    expect(sandbox.openStreams).toBe(0);
  });

  test("gives headers with the 101", async () => {
    const sandbox = await startSandbox();
    const { handshakeHeaders } = await openSocket(sandbox, sandbox.createAccount());
    expect(handshakeHeaders).toMatchObject({
      "x-models-etag": expect.any(String),
      "x-codex-turn-state": expect.stringMatching(/^ts_/),
      "x-codex-primary-used-percent": "0",
    });
  });

  test("continues its latest response and records the whole conversation", async () => {
    const sandbox = await startSandbox();
    const socket = await openSocket(sandbox, sandbox.createAccount());
    sandbox.script({ answer: callAnswer });
    socket.create();
    const first = await socket.answer();
    const delta = [callOutput(first)];
    socket.create({ previous_response_id: responseId(first), input: delta });
    const second = await socket.answer();
    expect(second.at(-1)?.type).toBe("response.completed");
    expect(finalResponse(second).previous_response_id).toBe(responseId(first));
    expect(sandbox.requests.at(-1)?.input).toEqual([userMessage("Hello"), ...outputItems(first), ...delta]);
    expect(finalResponse(second).usage).toMatchObject({
      input_tokens_details: { cached_tokens: expect.any(Number) },
    });
  });

  test("counts what a continuation did not send again as cached", async () => {
    const sandbox = await startSandbox();
    const socket = await openSocket(sandbox, sandbox.createAccount());
    socket.create({ input: [userMessage("word ".repeat(400))] });
    const first = await socket.answer();
    socket.create({ previous_response_id: responseId(first), input: [userMessage("And?")] });
    const { usage } = finalResponse(await socket.answer());
    const details = isJsonObject(usage) && isJsonObject(usage.input_tokens_details) ? usage.input_tokens_details : {};
    expect(details.cached_tokens).toBeGreaterThan(400);
  });

  test("does not know the response of another socket", async () => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount();
    const one = await openSocket(sandbox, account);
    const other = await openSocket(sandbox, account);
    one.create();
    const id = responseId(await one.answer());
    other.create({ previous_response_id: id });
    expect(await other.answer()).toEqual([
      {
        type: "error",
        status: 400,
        error: {
          type: "invalid_request_error",
          code: "previous_response_not_found",
          message: `Previous response with id '${id}' not found.`,
          param: "previous_response_id",
        },
      },
    ]);
  });

  test("knows its latest response only", async () => {
    const sandbox = await startSandbox();
    const socket = await openSocket(sandbox, sandbox.createAccount());
    socket.create();
    const id = responseId(await socket.answer());
    socket.create();
    await socket.answer();
    socket.create({ previous_response_id: id, input: [userMessage("And?")] });
    expect((await socket.answer())[0]).toMatchObject({ error: { code: "previous_response_not_found" } });
  });

  test.each([
    ["a refused turn", { temperature: 1 }, undefined],
    ["a failed turn", {}, answer()],
  ])("forgets its response after %s", async (_name, extra, failing) => {
    const sandbox = await startSandbox();
    const socket = await openSocket(sandbox, sandbox.createAccount());
    socket.create();
    const id = responseId(await socket.answer());
    if (failing !== undefined) {
      sandbox.script({ answer: { ...failing, finish: { type: "failed", code: "server_error", message: "No." } } });
    }
    socket.create({ ...extra, previous_response_id: id, input: [userMessage("And?")] });
    await socket.answer();
    socket.create({ previous_response_id: id, input: [userMessage("And?")] });
    expect((await socket.answer())[0]).toMatchObject({ error: { code: "previous_response_not_found" } });
  });

  test.each([
    ["failed", { answer: { finish: { type: "failed", code: "server_error", message: "No." } as const } }],
    ["incomplete", { answer: { finish: { type: "incomplete" } as const } }],
    ["interrupted", { fault: faults.overloaded(4) }],
  ])("cannot continue a response that %s", async (_name, scenario) => {
    const sandbox = await startSandbox();
    const socket = await openSocket(sandbox, sandbox.createAccount());
    sandbox.script(scenario);
    socket.create();
    await socket.answer();
    const id = sandbox.requests.at(-1)?.responseId ?? "";
    socket.create({ previous_response_id: id, input: [userMessage("And?")] });
    expect((await socket.answer())[0]).toMatchObject({ error: { code: "previous_response_not_found" } });
  });

  test("refuses a continuation that repeats an item", async () => {
    const sandbox = await startSandbox();
    const socket = await openSocket(sandbox, sandbox.createAccount());
    sandbox.script({ answer: callAnswer });
    socket.create();
    const first = await socket.answer();
    const input = [...outputItems(first), callOutput(first)];
    socket.create({ previous_response_id: responseId(first), input });
    expect(JSON.stringify(await socket.answer())).toContain("Duplicate item found with id rs_");
  });

  test("warms up: no output, and a response to continue", async () => {
    const sandbox = await startSandbox();
    const socket = await openSocket(sandbox, sandbox.createAccount());
    sandbox.script({ answer: answer(say.text("Not for the warm-up.")) });
    socket.create({ generate: false, input: [] });
    const warm = await socket.answer();
    expect(finalResponse(warm)).toMatchObject({ output: [], usage: { output_tokens: 0 } });
    expect(outputItems(warm)).toEqual([]);
    socket.create({ previous_response_id: responseId(warm) });
    expect(deltaText(await socket.answer())).toBe("Not for the warm-up.");
    expect(sandbox.requests.at(-1)?.input).toEqual([userMessage("Hello")]);
  });

  test("refuses a second response while one is running, and finishes the first", async () => {
    const runtime = testRuntime();
    const sandbox = await startSandbox({ runtime });
    const socket = await openSocket(sandbox, sandbox.createAccount());
    sandbox.script({ answer: answer(say.silence(1_000), say.text("First.")) });
    socket.create();
    await until(() => sandbox.openStreams === 1);
    socket.create();
    const refusal = (await socket.answer()).at(-1);
    expect(refusal).toMatchObject({ type: "error", status: 400, error: { code: "response_in_progress" } });
    await runtime.advance(1_000);
    expect(deltaText(await socket.answer())).toBe("First.");
    expect(sandbox.requests.map(({ outcome }) => outcome)).toEqual(["accepted", "completed", "refused"]);
  });

  test("closes with 1009 on a message of the limit, and takes one a byte below", async () => {
    const maxFrameBytes = 20_000;
    const sandbox = await startSandbox({ maxFrameBytes });
    const account = sandbox.createAccount();
    const frame = JSON.stringify({ type: "response.create", ...goodBody({ instructions: "" }) });
    const sized = (bytes: number) =>
      frame.replace('"instructions":""', `"instructions":"${"x".repeat(bytes - frame.length)}"`);
    const good = await openSocket(sandbox, account);
    good.send(sized(maxFrameBytes - 1));
    expect((await good.answer()).at(-1)?.type).toBe("response.completed");
    const bad = await openSocket(sandbox, account);
    bad.send(sized(maxFrameBytes));
    expect(await bad.closed).toMatchObject({ code: 1009 });
  });

  test("takes no more requests at its age limit", async () => {
    const runtime = testRuntime();
    const sandbox = await startSandbox({ runtime, socketMaxAgeMs: 60_000 });
    const socket = await openSocket(sandbox, sandbox.createAccount());
    await runtime.advance(59_999);
    socket.create();
    expect((await socket.answer()).at(-1)?.type).toBe("response.completed");
    await runtime.advance(1);
    socket.create();
    expect(await socket.answer()).toMatchObject([
      { type: "error", status: 400, error: { code: "websocket_connection_limit_reached" } },
    ]);
  });

  test("pings every 20 s", async () => {
    const runtime = testRuntime();
    const sandbox = await startSandbox({ runtime });
    const { socket } = await openSocket(sandbox, sandbox.createAccount());
    let pings = 0;
    socket.on("ping", () => {
      pings += 1;
    });
    await runtime.advance(19_999);
    expect(pings).toBe(0);
    await runtime.advance(1);
    expect(pings).toBe(1);
    await runtime.advance(600_000);
    expect(pings).toBe(31);
    expect(sandbox.openSockets).toBe(1);
  });

  test("closes with 1011 when its pings stay unanswered for 60 s", async () => {
    const runtime = testRuntime();
    const sandbox = await startSandbox({ runtime });
    const { closed } = await openSocket(sandbox, sandbox.createAccount(), { autoPong: false });
    await runtime.advance(79_999);
    expect(sandbox.openSockets).toBe(1);
    await runtime.advance(1);
    expect(await closed).toEqual({ code: 1011, reason: "keepalive ping timeout" });
    await until(() => sandbox.openSockets === 0);
    expect(runtime.pendingTimers).toBe(0);
  });

  test("ignores response.processed", async () => {
    const sandbox = await startSandbox();
    const socket = await openSocket(sandbox, sandbox.createAccount());
    socket.send({ type: "response.processed", response_id: "resp_1" });
    socket.create();
    expect((await socket.answer()).at(-1)?.type).toBe("response.completed");
  });

  test.each([
    ["an unknown type", { type: "response.append", input: [] }, "Unknown message type: response.append"],
    ["no type", goodBody(), "must be a JSON object with a type"],
    ["an array", [1], "must be a JSON object with a type"],
    ["broken JSON", "{", "must be a JSON object with a type"],
  ])("answers %s with an error event and stays open", async (_name, message, text) => {
    const sandbox = await startSandbox();
    const socket = await openSocket(sandbox, sandbox.createAccount());
    socket.send(message);
    expect(await socket.answer()).toMatchObject([
      { type: "error", status: 400, error: { message: expect.stringContaining(text) } },
    ]);
    socket.create();
    expect((await socket.answer()).at(-1)?.type).toBe("response.completed");
  });

  test("closes with 1003 on a binary message", async () => {
    const sandbox = await startSandbox();
    const { socket, closed } = await openSocket(sandbox, sandbox.createAccount());
    socket.send(Buffer.from("{}"), { binary: true });
    expect(await closed).toMatchObject({ code: 1003 });
  });

  test("that the client drops in the middle of an answer leaves an aborted record and nothing else", async () => {
    const runtime = testRuntime();
    const sandbox = await startSandbox({ runtime });
    const socket = await openSocket(sandbox, sandbox.createAccount());
    sandbox.script({ answer: answer(say.silence(5_000), say.text("Late.")) });
    socket.create();
    await until(() => sandbox.openStreams === 1);
    socket.socket.terminate();
    await until(() => sandbox.openSockets === 0);
    expect(sandbox.openStreams).toBe(0);
    expect(sandbox.requests.at(-1)).toMatchObject({ kind: "response", outcome: "aborted" });
    expect(runtime.pendingTimers).toBe(0);
  });

  test("also lives at {base}/ws", async () => {
    const sandbox = await startSandbox();
    const url = `${sandbox.codexBaseUrl}/ws`;
    const socket = await openSocket(sandbox, sandbox.createAccount(), { url });
    socket.create();
    expect((await socket.answer()).at(-1)?.type).toBe("response.completed");
  });

  test("waits latencyMs before the first event", async () => {
    const runtime = testRuntime();
    const sandbox = await startSandbox({ runtime, latencyMs: 300 });
    const socket = await openSocket(sandbox, sandbox.createAccount());
    socket.create();
    await until(() => sandbox.openStreams === 1);
    await runtime.advance(299);
    expect(socket.messages).toEqual([]);
    await runtime.advance(1);
    expect((await socket.answer()).at(-1)?.type).toBe("response.completed");
  });

  test("respects back-pressure: a client that does not read gets no more than the buffers hold", async () => {
    const sandbox = await startSandbox({ answer: answer(say.text("x".repeat(3_000_000), { deltaLength: 1_000 })) });
    const socket = await openSocket(sandbox, sandbox.createAccount());
    socket.socket.pause();
    socket.create();
    await until(() => sandbox.openStreams === 1);
    await turns(200);
    expect(sandbox.openStreams).toBe(1);
    socket.socket.resume();
    expect(deltaText(await socket.answer())).toHaveLength(3_000_000);
    expect(sandbox.openStreams).toBe(0);
  });
});

describe("a handshake is refused", () => {
  test.each([
    ["without OpenAI-Beta", { "openai-beta": "" }, 400, "OpenAI-Beta must be responses_websockets=2026-02-06"],
    ["with the beta of the first version", { "openai-beta": "responses_websockets=2026-02-04" }, 400, "OpenAI-Beta"],
    [
      "with two betas",
      { "openai-beta": "responses_websockets=2026-02-06, responses=experimental" },
      400,
      "OpenAI-Beta",
    ],
    ["with the Lite header", { "x-openai-internal-codex-responses-lite": "true" }, 400, "client_metadata"],
    ["without token", { authorization: "" }, 401, "Unauthorized"],
    ["for another account", { "chatgpt-account-id": "acct-x" }, 403, "does not match the access token"],
    ["without originator", { originator: "" }, 400, "originator"],
  ])("%s", async (_name, headers, status, piece) => {
    const sandbox = await startSandbox();
    const refused = await refusedHandshake(openSocket(sandbox, sandbox.createAccount(), { headers }));
    expect(refused).toMatchObject({ status, body: expect.stringContaining(piece) });
    expect(sandbox.requests).toMatchObject([{ kind: "handshake", outcome: "refused", status }]);
    expect(sandbox.openSockets).toBe(0);
  });
});

test("a socket after a stalled answer is still counted until the client goes", async () => {
  const sandbox = await startSandbox();
  const socket = await openSocket(sandbox, sandbox.createAccount());
  sandbox.script({ fault: faults.stall(3) });
  socket.create();
  await until(() => socket.messages.length === 3);
  expect(sandbox.openStreams).toBe(1);
  expect(sandbox.requests.at(-1)?.outcome).toBe("pending");
  socket.socket.terminate();
  await until(() => sandbox.openSockets === 0);
  expect(sandbox.requests.at(-1)?.outcome).toBe("aborted");
});
