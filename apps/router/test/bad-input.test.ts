import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { bodyOf, type ClientWire, post } from "./support/ask.ts";
import { startTestRouter, type TestRouter } from "./support/running-router.ts";
import { verdict } from "./support/verdict.ts";

const wires: readonly ClientWire[] = ["openai-chat", "openai-responses"];
const errorSchema = z.object({
  error: z.object({ message: z.string(), param: z.string().nullable(), code: z.string().nullable(), type: z.string() }),
});

async function errorOf(router: TestRouter, wire: ClientWire, body: unknown, headers: Record<string, string> = {}) {
  const received = await post(router.url, wire, body, headers);
  return { status: received.status, headers: received.headers, ...errorSchema.parse(received.document).error };
}

/** The process is unharmed: an ordinary request still gets its answer. */
async function expectUnharmed(router: TestRouter) {
  const received = await post(router.url, "openai-chat", bodyOf("openai-chat", false));
  expect(verdict("openai-chat", received).kind).toBe("answered");
}

describe.each(wires)("bad input to %s", (wire) => {
  const good = bodyOf(wire, false);
  const list = wire === "openai-chat" ? "messages" : "input";

  test("malformed JSON, an empty body, a non-object", async () => {
    const router = await startTestRouter();
    for (const body of ['{"model":', "", "[]", "null", '"text"', "\u0000"]) {
      const error = await errorOf(router, wire, body);
      expect(error, body).toMatchObject({ status: 400, type: "invalid_request_error" });
      expect(error.message).not.toBe("");
    }
    await expectUnharmed(router);
  });

  test("bytes that are no UTF-8", async () => {
    const router = await startTestRouter();
    const body = Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    expect((await errorOf(router, wire, body)).message).toContain("UTF-8");
  });

  const wrong: readonly [string, Record<string, unknown>, string][] = [
    ["no model", { model: undefined }, "model"],
    ["a model that is no text", { model: 5 }, "model"],
    ["stream that is no boolean", { stream: "yes" }, "stream"],
    ["a temperature that is text", { temperature: "hot" }, "temperature"],
    ["tools that are no list", { tools: {} }, "tools"],
    ["nothing asked", { [list]: [] }, list],
    ["a list that is a number", { [list]: 7 }, list],
    ["an unknown role", { [list]: [{ role: "robot", content: "x" }] }, `${list}[0].role`],
    ["content of a wrong type", { [list]: [{ role: "user", content: 5 }] }, `${list}[0].content`],
    [
      "a part of an unknown type",
      { [list]: [{ role: "user", content: [{ type: "smell" }] }] },
      `${list}[0].content[0]`,
    ],
  ];
  test.each(wrong)("%s names the field", async (_name, change, path) => {
    const router = await startTestRouter();
    const error = await errorOf(router, wire, { ...good, ...change });
    expect(error.status).toBe(400);
    expect(error.param?.startsWith(path), `${error.param} begins with ${path}`).toBe(true);
    // What the client's own format may yet learn to hold is the upstream's to judge: it sees it as it came.
    const isJudgedUpstream = wire === "openai-responses" && path.endsWith("content[0]");
    if (!isJudgedUpstream) expect(router.sandbox.requests).toHaveLength(0);
  });

  test("an unknown model suggests the nearest", async () => {
    const router = await startTestRouter();
    const error = await errorOf(router, wire, bodyOf(wire, true, "codex/gpt-5.44"));
    expect(error).toMatchObject({ status: 404, code: "model_not_found", param: "model" });
    expect(error.message).toContain('did you mean "codex/gpt-5.4"?');
  });

  test("a body over the limit, told and untold in its length", async () => {
    const router = await startTestRouter({ server: { bodyLimitBytes: 1000 } });
    const large = { ...good, padding: "x".repeat(2000) };
    expect(await errorOf(router, wire, large)).toMatchObject({ status: 413 });
    await expectUnharmed(router);
  });

  test("a body nested without end, and one with hostile keys", async () => {
    const router = await startTestRouter();
    const deep = `{"model":"codex/gpt-5.4","x":${"[".repeat(200_000)}${"]".repeat(200_000)},"${list}":[]}`;
    expect((await errorOf(router, wire, deep)).status).toBe(400);
    const nested = `{"model":"codex/gpt-5.4","${list}":[{"role":"user","content":"x"}],"metadata":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}`;
    expect((await post(router.url, wire, nested)).status).toBeLessThan(500);
    const hostile = `{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"model":"codex/gpt-5.4","${list}":[{"role":"user","content":"x","__proto__":{"polluted":true}}]}`;
    await post(router.url, wire, hostile);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    await expectUnharmed(router);
  });

  test("a body in a coding nobody knows is refused with those that are known, a damaged one by its name", async () => {
    const router = await startTestRouter();
    const unknown = await errorOf(router, wire, good, { "content-encoding": "snappy" });
    expect(unknown).toMatchObject({ status: 415, headers: { "accept-encoding": "zstd, gzip, br, deflate" } });
    expect(unknown.message).toContain("snappy");
    const damaged = await errorOf(router, wire, good, { "content-encoding": "zstd" });
    expect(damaged).toMatchObject({ status: 400, type: "invalid_request_error" });
    expect(damaged.message).toContain("no valid zstd data");
    await expectUnharmed(router);
  });

  test("a body that expands beyond the limit", async () => {
    const router = await startTestRouter({ server: { bodyLimitBytes: 10_000 } });
    const coded = { "content-encoding": "gzip" };
    const sized = (length: number) =>
      gzipSync(JSON.stringify(bodyOf(wire, false, "codex/gpt-5.4", "x".repeat(length))));
    expect(await errorOf(router, wire, sized(1_000_000), coded)).toMatchObject({ status: 413 });
    expect(verdict(wire, await post(router.url, wire, sized(1_000), coded)).kind).toBe("answered");
  });

  test("a missing and a wrong client key", async () => {
    const router = await startTestRouter({ server: { keys: ["client-key-1"] } });
    expect(await errorOf(router, wire, good)).toMatchObject({ status: 401, code: "invalid_api_key" });
    const wrongKey = await errorOf(router, wire, good, { authorization: "Bearer client-key-2" });
    expect(wrongKey).toMatchObject({ status: 401, code: "invalid_api_key" });
    const right = await post(router.url, wire, good, { authorization: "Bearer client-key-1" });
    expect(verdict(wire, right).kind).toBe("answered");
    expect(router.logText()).not.toContain("client-key");
  });

  test("no account tells how to add one", async () => {
    const router = await startTestRouter({ accounts: () => [] });
    const error = await errorOf(router, wire, good);
    expect(error.status).toBe(503);
    expect(error.message).toContain("providers.codex.accounts");
  });

  test("a foreign host and a web page of another origin", async () => {
    const router = await startTestRouter();
    expect(await errorOf(router, wire, good, { host: "evil.example" })).toMatchObject({ status: 403 });
    expect(await errorOf(router, wire, good, { origin: "https://evil.example" })).toMatchObject({ status: 403 });
  });
});

test("an endless model name fills neither the answer nor the log", async () => {
  const router = await startTestRouter();
  const received = await post(router.url, "openai-chat", bodyOf("openai-chat", false, "x".repeat(1_000_000)));
  expect(received.status).toBe(404);
  expect(JSON.stringify(received.document).length).toBeLessThan(1_000);
  await expect.poll(() => router.logText()).toContain("not-found");
  expect(router.logText().length).toBeLessThan(2_000);
});

test("an unknown route and a wrong method are told in OpenAI's shape", async () => {
  const router = await startTestRouter();
  const unknown = await fetch(`${router.url}/v1/nothing`, { method: "POST" });
  expect(unknown.status).toBe(404);
  errorSchema.parse(await unknown.json());
  const wrong = await fetch(`${router.url}/v1/responses`);
  expect(wrong.status).toBe(405);
  expect(wrong.headers.get("allow")).toBe("POST");
  errorSchema.parse(await wrong.json());
});

test("a client that leaves while it sends its request leaves nothing behind", async () => {
  const router = await startTestRouter();
  const { hostname, port } = new URL(router.url);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      const head = "POST /v1/responses HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{";
      socket.write(head, () => socket.resetAndDestroy());
    });
    socket.on("close", () => resolve());
  });
  await expectUnharmed(router);
});

test("no secret is logged or answered", async () => {
  const router = await startTestRouter({ server: { keys: ["client-key-1"] } });
  const secrets = router.sandbox.createAccount();
  const headers = { authorization: "Bearer client-key-1", cookie: "session=cookie-secret" };
  await post(router.url, "openai-chat", bodyOf("openai-chat", true, undefined, "words-of-the-user"), headers);
  router.sandbox.script({ fault: { type: "http", status: 401 }, transport: "http", times: 5 });
  router.sandbox.script({ fault: { type: "handshake", status: 401 }, transport: "ws", times: 5 });
  await post(router.url, "openai-chat", bodyOf("openai-chat", false, undefined, "words-of-the-user"), headers);
  const text = router.logText();
  for (const secret of ["client-key-1", "cookie-secret", "words-of-the-user", "Bearer", secrets.accessToken ?? "-"]) {
    expect(text).not.toContain(secret);
  }
});
