import { isJsonObject, type JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";
import { answer, namedFaults, say } from "../index.ts";
import {
  deltaText,
  eventTypes,
  goodBody,
  openSocket,
  outputItems,
  post,
  startSandbox,
  testRuntime,
  turns,
  until,
  userMessage,
} from "../../test/harness.ts";

async function ask(text: string, extra: JsonObject = {}) {
  const sandbox = await startSandbox();
  const account = sandbox.createAccount();
  const body = goodBody({ input: [userMessage(text)], ...extra });
  const { events, ...rest } = await post(sandbox, account, body);
  return { sandbox, account, body, events, items: outputItems(events), text: deltaText(events), rest };
}

const shell = { type: "function", name: "shell", parameters: { type: "object" } };

describe("the default answer", () => {
  test("says that it is simulated, what was asked, and how to add an account", async () => {
    const { text } = await ask("What is the weather like?");
    expect(text).toContain("This answer is simulated by turnout's built-in sandbox: no model took part.");
    expect(text).toContain('You wrote: "What is the weather like?"');
    expect(text).toContain("turnout login codex");
    expect(text).toContain("codex/gpt-5.4");
  });

  test("quotes the beginning of long words only", async () => {
    const { text } = await ask("x".repeat(500));
    expect(text).toContain(`"${"x".repeat(80)}…"`);
    expect(text).not.toContain("x".repeat(81));
  });

  test("fits the schema that is asked for", async () => {
    const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    const { text } = await ask("Where?", { text: { format: { type: "json_schema", name: "place", schema } } });
    expect(JSON.parse(text)).toEqual({ city: "simulated" });
  });

  test("is the configured one, until a directive says otherwise", async () => {
    const sandbox = await startSandbox({ answer: answer(say.text("Configured.")) });
    const account = sandbox.createAccount();
    expect(deltaText((await post(sandbox, account, goodBody())).events)).toBe("Configured.");
    const directed = goodBody({ input: [userMessage("[[say: Directed.]]")] });
    expect(deltaText((await post(sandbox, account, directed)).events)).toBe("Directed.");
  });

  test("to a compaction trigger is one compaction item", async () => {
    const { items } = await ask("Hi", { input: [userMessage("Hi"), { type: "compaction_trigger" }] });
    expect(items).toMatchObject([{ type: "compaction", encrypted_content: expect.any(String) }]);
  });
});

describe("directives", () => {
  test("say and think", async () => {
    const { items, text } = await ask("[[think: Let me see.]] [[say: Here you are.]]");
    expect(items).toMatchObject([{ type: "reasoning", summary: [{ text: "Let me see." }] }, { type: "message" }]);
    expect(text).toBe("Here you are.");
  });

  test("long", async () => {
    expect((await ask("[[long: 50]]")).text.split(" ")).toHaveLength(50);
  });

  test("json, alone and with a schema", async () => {
    expect(JSON.parse((await ask("[[json]]")).text)).toMatchObject({ simulated: true });
    const schema = { type: "object", properties: { n: { type: "integer" } } };
    const format = { text: { format: { type: "json_schema", name: "n", schema } } };
    expect(JSON.parse((await ask("[[json]]", format)).text)).toEqual({ n: 1 });
  });

  test("tool: calls it, then quotes its output", async () => {
    const asked = '[[tool: shell {"command":"ls"}]]';
    const { sandbox, account, body, items } = await ask(asked, { tools: [shell] });
    expect(items).toMatchObject([{ type: "function_call", name: "shell", arguments: '{"command":"ls"}' }]);
    const output = { type: "function_call_output", call_id: items[0]?.call_id, output: "a.txt" };
    const input = [userMessage(asked), ...items, output];
    const second = await post(sandbox, account, { ...body, input });
    expect(deltaText(second.events)).toBe("The tool shell answered: a.txt");
    // A new question starts over.
    const third = await post(sandbox, account, { ...body, input: [...input, userMessage(asked)] });
    expect(outputItems(third.events)).toMatchObject([{ type: "function_call" }]);
  });

  test("tool: finds custom tools, namespaces, and the tools of Lite models", async () => {
    const custom = { type: "custom", name: "apply_patch" };
    const patched = await ask('[[tool: apply_patch {"input":"*** Begin"}]]', { tools: [custom] });
    expect(patched.items).toMatchObject([{ type: "custom_tool_call", name: "apply_patch", input: "*** Begin" }]);
    const group = { type: "namespace", name: "mcp__files", tools: [shell] };
    const grouped = await ask("[[tool: mcp__files.shell {}]]", { tools: [group] });
    expect(grouped.items).toMatchObject([{ type: "function_call", name: "shell", namespace: "mcp__files" }]);
  });

  test("tool: is ignored when no such tool is declared", async () => {
    const { items } = await ask("[[tool: shell {}]] [[say: No tool.]]");
    expect(items).toMatchObject([{ type: "message" }]);
  });

  test("slow: waits before every event", async () => {
    const runtime = testRuntime();
    const sandbox = await startSandbox({ runtime });
    const socket = await openSocket(sandbox, sandbox.createAccount());
    socket.create({ input: [userMessage("[[slow: 100]] [[say: Hi]]")] });
    await until(() => socket.messages.length === 2);
    await runtime.advance(99);
    expect(socket.messages).toHaveLength(2);
    await runtime.advance(1);
    await turns();
    expect(socket.messages).toHaveLength(3);
    await runtime.advance(1_000);
    expect(deltaText(await socket.answer())).toBe("Hi");
  });

  test.each(Object.keys(namedFaults).filter((name) => name !== "stall"))("fault: %s", async (name) => {
    const sandbox = await startSandbox();
    const socket = await openSocket(sandbox, sandbox.createAccount());
    socket.socket.on("error", () => {});
    socket.create({ input: [userMessage(`[[fault: ${name}]] [[say: Hello, you there, how are you?]]`)] });
    await until(() => sandbox.requests.length === 2 && sandbox.requests[1]?.outcome !== "pending");
    const record = sandbox.requests.at(-1);
    const harmless = ["malformed", "one-byte-chunks", "unknown-events", "extra-after-terminal"].includes(name);
    expect(record?.kind).toBe("response");
    expect(record?.outcome).toBe(harmless ? "completed" : "faulted");
  });

  test("in an earlier message mean nothing", async () => {
    const { text } = await ask("x", { input: [userMessage("[[say: Old.]]"), userMessage("New question")] });
    expect(text).toContain("New question");
    expect(text).not.toContain("Old.");
  });
});

test("an answer in the ordinary order is what a client expects", async () => {
  const { events } = await ask("[[say: Hi]]");
  expect(eventTypes(events)).toEqual([
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
  ]);
  expect(events.every(isJsonObject)).toBe(true);
});
