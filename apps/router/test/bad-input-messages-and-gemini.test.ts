import { describe, expect, test } from "vitest";
import { bodyOf, type ClientWire, post } from "./support/ask.ts";
import { startTestRouter, type TestRouter } from "./support/running-router.ts";
import { verdict } from "./support/verdict.ts";

// Messages and Gemini name the field in the message: their errors have no place of their own for it.
const wires: readonly { wire: ClientWire; list: string; unauthenticated: string; text: string }[] = [
  { wire: "anthropic-messages", list: "messages", unauthenticated: "authentication_error", text: "content" },
  { wire: "gemini", list: "contents", unauthenticated: "UNAUTHENTICATED", text: "parts" },
];

async function failureOf(router: TestRouter, wire: ClientWire, body: unknown, headers: Record<string, string> = {}) {
  const received = await post(router.url, wire, body, headers);
  const seen = verdict(wire, received);
  if (seen.kind !== "failed") throw new Error(`Not refused: ${JSON.stringify(seen)}`);
  return { ...seen, text: JSON.stringify(received.document) };
}

async function expectUnharmed(router: TestRouter) {
  const received = await post(router.url, "gemini", bodyOf("gemini", false));
  expect(verdict("gemini", received).kind).toBe("answered");
}

describe.each(wires)("bad input to $wire", ({ wire, list, unauthenticated, text }) => {
  const good = bodyOf(wire, false);

  test("malformed JSON, an empty body, a non-object, bytes that are no UTF-8", async () => {
    const router = await startTestRouter();
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    for (const body of ['{"model":', "", "[]", "null", '"text"', bytes]) {
      expect((await failureOf(router, wire, body)).status).toBe(400);
    }
    await expectUnharmed(router);
  });

  const wrong: readonly [string, Record<string, unknown>, string][] = [
    ["nothing asked", { [list]: [] }, list],
    ["a list that is a number", { [list]: 7 }, list],
    ["an unknown role", { [list]: [{ role: "robot", [text]: [{ text: "x", type: "text" }] }] }, `${list}[0].role`],
    ["content of a wrong type", { [list]: [{ role: "user", [text]: 5 }] }, `${list}[0].${text}`],
    ["tools that are no list", { tools: 5 }, "tools"],
  ];
  test.each(wrong)("%s names the field", async (_name, change, path) => {
    const router = await startTestRouter();
    const failure = await failureOf(router, wire, { ...good, ...change });
    expect(failure.status).toBe(400);
    expect(failure.text).toContain(path);
    expect(router.sandbox.requests).toHaveLength(0);
  });

  test("an unknown model suggests the nearest", async () => {
    const router = await startTestRouter();
    const failure = await failureOf(router, wire, bodyOf(wire, true, "codex/gpt-5.44"));
    expect(failure.status).toBe(404);
    expect(failure.text).toContain("codex/gpt-5.4");
  });

  test("bodies that are huge, nested without end, or have hostile keys", async () => {
    const router = await startTestRouter({ server: { bodyLimitBytes: 2_000_000 } });
    expect((await failureOf(router, wire, { ...good, padding: "x".repeat(3_000_000) })).status).toBe(413);
    const deep = `{"model":"codex/gpt-5.4","max_tokens":5,"x":${"[".repeat(100_000)}${"]".repeat(100_000)},"${list}":[]}`;
    expect((await failureOf(router, wire, deep)).status).toBeLessThan(500);
    const hostile = JSON.stringify(good).replace(
      "{",
      '{"__proto__":{"polluted":true},"constructor":{"polluted":true},',
    );
    await post(router.url, wire, hostile);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    await expectUnharmed(router);
  });

  test("a missing client key, and a right one where the format puts it", async () => {
    const router = await startTestRouter({ server: { keys: ["client-key-1"] } });
    expect(await failureOf(router, wire, good)).toMatchObject({ status: 401, code: unauthenticated });
    const header = wire === "gemini" ? "x-goog-api-key" : "x-api-key";
    const answer = await post(router.url, wire, good, { [header]: "client-key-1" });
    expect(verdict(wire, answer).kind).toBe("answered");
    expect(router.logText()).not.toContain("client-key");
  });
});
