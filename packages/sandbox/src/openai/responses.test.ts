import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { answer, say, type Sandbox } from "../index.ts";
import { until } from "../../test/harness.ts";
import { ask, dig, list, startWithKey } from "../../test/wire-harness.ts";

const basic = { model: "gpt-5.4", input: "Hello" };
const include = ["reasoning.encrypted_content"];

async function start() {
  const { sandbox, apiKey } = await startWithKey();
  const headers = { authorization: `Bearer ${apiKey}` };
  const send = (body: object) => ask(`${sandbox.openaiBaseUrl}/responses`, { ...basic, ...body }, { headers });
  return { sandbox, apiKey, headers, send };
}

function problemOf(result: { json: unknown }): unknown {
  return dig(result.json, "error", "message");
}

/** Asks for one response over a socket. */
async function overSocket(sandbox: Sandbox, headers: Record<string, string>, body: object) {
  const socket = new WebSocket(`${sandbox.openaiBaseUrl.replace(/^http/, "ws")}/responses`, { headers });
  const texts: string[] = [];
  socket.on("message", (data: Buffer) => texts.push(data.toString()));
  await new Promise((resolve) => socket.once("open", resolve));
  socket.send(JSON.stringify({ type: "response.create", ...body }));
  await until(() => /"type":"(response\.completed|error)"/.test(texts.at(-1) ?? ""));
  socket.terminate();
  const last: unknown = JSON.parse(texts.at(-1) ?? "");
  return last;
}

describe("POST /v1/responses", () => {
  test("stores a response by default, and continues it", async () => {
    const { send, sandbox } = await start();
    const first = await send({ input: "[[say: One]]" });
    const second = await send({ input: "[[say: Two]]", previous_response_id: dig(first.json, "id") });
    expect(second.json).toMatchObject({ previous_response_id: dig(first.json, "id"), store: true });
    expect(sandbox.requests.at(-1)?.input?.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
  });

  test("does not know what was not stored, or is another account's", async () => {
    const { send, sandbox } = await start();
    const gone = await send({ store: false });
    const id = dig(gone.json, "id");
    const continued = await send({ previous_response_id: id });
    expect(continued.status).toBe(400);
    expect(dig(continued.json, "error", "code")).toBe("previous_response_not_found");
    const kept = await send({});
    const other = sandbox.createAccount({ apiKey: true }).apiKey;
    const foreign = await ask(
      `${sandbox.openaiBaseUrl}/responses`,
      { ...basic, previous_response_id: dig(kept.json, "id") },
      { headers: { authorization: `Bearer ${other}` } },
    );
    expect(foreign.status).toBe(400);
  });

  test("resolves references to stored items, and takes reasoning by its id alone", async () => {
    const { send, sandbox } = await start();
    sandbox.script({ answer: answer(say.reasoning("Hm."), say.call("f")), times: 2 });
    const first = await send({});
    const [reasoning, call] = list(dig(first.json, "output"));
    const output = { type: "function_call_output", call_id: dig(call, "call_id"), output: "ok" };
    const user = { role: "user", content: "Hello" };
    const reference = { type: "item_reference", id: dig(reasoning, "id") };
    expect((await send({ input: [user, reference, call, output] })).status).toBe(200);
    expect((await send({ input: [user, reasoning, call, output] })).status).toBe(200);
    const unknown = await send({ input: [user, { type: "item_reference", id: "rs_0" }] });
    expect(unknown.status).toBe(404);
    expect(problemOf(unknown)).toContain("Item with id 'rs_0' not found.");
  });

  test("GET and DELETE /v1/responses/{id}", async () => {
    const { send, sandbox, headers } = await start();
    const { json } = await send({});
    const url = `${sandbox.openaiBaseUrl}/responses/${String(dig(json, "id"))}`;
    expect((await ask(url, undefined, { headers })).json).toEqual(json);
    expect((await ask(url, undefined, { headers, method: "DELETE" })).json).toMatchObject({ deleted: true });
    expect((await ask(url, undefined, { headers })).status).toBe(404);
  });

  test("repeats what was asked for", async () => {
    const { send } = await start();
    const asked = {
      metadata: { a: "b" },
      tools: [{ type: "function", name: "f", parameters: { type: "object", properties: {} }, strict: false }],
      tool_choice: "auto",
      reasoning: { effort: "low", summary: "auto" },
      store: false,
    };
    expect((await send(asked)).json).toMatchObject(asked);
  });

  test("a socket continues what HTTP stored", async () => {
    const { send, sandbox, headers } = await start();
    const first = await send({ input: "[[say: One]]" });
    const body = { ...basic, previous_response_id: dig(first.json, "id"), input: [{ role: "user", content: "Go on" }] };
    expect(dig(await overSocket(sandbox, headers, body), "type")).toBe("response.completed");
    expect(sandbox.requests.at(-1)?.input).toHaveLength(3);
    const stale = await overSocket(sandbox, headers, { ...body, previous_response_id: "resp_0" });
    expect(dig(stale, "error", "code")).toBe("previous_response_not_found");
  });
});

const user = { role: "user", content: "a" };
const tool = { type: "function", name: "f", parameters: { type: "object", properties: {} } };

describe("rules", () => {
  test.each<[string, object, string]>([
    ["an unknown field", { foo: 1 }, "Unknown parameter: 'foo'."],
    ["messages of Chat", { messages: [] }, "Unknown parameter: 'messages'."],
    [
      "a small limit",
      { max_output_tokens: 5 },
      "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 5 instead.",
    ],
    [
      "an effort the model has not",
      { model: "gpt-5", reasoning: { effort: "none" } },
      "Unsupported value: 'none' is not supported with the 'gpt-5' model.",
    ],
    [
      "an effort for a model that has none",
      { model: "gpt-4o", reasoning: { effort: "low" } },
      "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
    ],
    [
      "a temperature for a reasoner",
      { model: "gpt-5", temperature: 0.5 },
      "Unsupported parameter: 'temperature' is not supported with this model.",
    ],
    [
      "a nested tool of Chat",
      { tools: [{ type: "function", function: tool }] },
      "Missing required parameter: 'tools[0].name'.",
    ],
    ["a tool name", { tools: [{ ...tool, name: "a b" }] }, "Invalid 'tools[0].name': string does not match pattern."],
    ["a long tool name", { tools: [{ ...tool, name: "a".repeat(65) }] }, "Invalid 'tools[0].name': string too long."],
    [
      "a strict schema that is open",
      { tools: [{ ...tool, strict: true }] },
      "Invalid schema for function 'f': In context=(), 'additionalProperties' is required",
    ],
    [
      "a format without name",
      { text: { format: { type: "json_schema", schema: {} } } },
      "Missing required parameter: 'text.format.name'.",
    ],
    [
      "a strict format that is open",
      { text: { format: { type: "json_schema", name: "x", strict: true, schema: { type: "object" } } } },
      "Invalid schema for response_format 'x'",
    ],
    [
      "a part of Chat",
      { input: [{ role: "user", content: [{ type: "text", text: "a" }] }] },
      "Invalid value: 'text'. Supported values are: 'input_text'",
    ],
    [
      "a user's part of the assistant",
      { input: [{ role: "assistant", content: [{ type: "input_text", text: "a" }] }] },
      "Invalid value: 'input_text'.",
    ],
    ["a long id", { input: [{ ...user, type: "message", id: `msg_${"a".repeat(64)}` }] }, "Invalid 'input[0].id'"],
    [
      "an id of another type",
      { input: [{ ...user, type: "message", id: "fc_1" }] },
      "Expected an ID that begins with 'msg'.",
    ],
    [
      "an output without call",
      { input: [user, { type: "function_call_output", call_id: "c", output: "x" }] },
      "No tool call found for function call output with call_id c.",
    ],
    [
      "reasoning without its follower",
      { input: [user, { type: "reasoning", id: "rs_1", summary: [] }] },
      "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
    ],
    [
      "foreign reasoning",
      {
        input: [
          user,
          { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAAA" },
          { role: "assistant", content: "b" },
        ],
      },
      "The encrypted content for item rs_1 could not be verified.",
    ],
  ])("%s is refused", async (_what, body, message) => {
    const { send } = await start();
    const answered = await send(body);
    expect(problemOf(answered)).toContain(message);
    expect(answered.status).toBe(400);
  });

  test("reasoning that nobody stored is 404 without its payload", async () => {
    const { send, sandbox } = await start();
    const script = answer(say.reasoning("Hm."), say.text("b"));
    sandbox.script({ answer: script, times: 2 });
    const bare = await send({ store: false });
    const input = [user, ...list(dig(bare.json, "output"))];
    expect((await send({ input, store: false })).status).toBe(404);
    const sealed = await send({ store: false, include });
    expect((await send({ input: [user, ...list(dig(sealed.json, "output"))], store: false })).status).toBe(200);
  });

  test("an unknown model is 404", async () => {
    const { send } = await start();
    const answered = await send({ model: "gpt-0" });
    expect(answered).toMatchObject({ status: 404, json: { error: { code: "model_not_found" } } });
  });
});
