import OpenAI from "openai";
import { ResponsesWS } from "openai/resources/responses/ws";
import { describe, expect, onTestFinished, test } from "vitest";
import { startTestRouter } from "./support/running-router.ts";
import { lastAsked, upstreamWays } from "./support/upstream-table.ts";

type Event = OpenAI.Responses.ResponsesServerEvent;
type Response = OpenAI.Responses.Response;

/** The official SDK on a socket to the router. */
function connect(url: string, apiKey = "none") {
  const socket = new ResponsesWS(new OpenAI({ baseURL: `${url}/v1`, apiKey }));
  onTestFinished(() => {
    socket.close();
  });
  const errors: unknown[] = [];
  socket.on("error", (error) => errors.push(error.error ?? error.message));
  return {
    socket,
    errors,
    /** Asks, and waits for the end of the answer; its finished items are those of the stream. */
    ask: (body: Omit<OpenAI.Responses.ResponsesClientEvent, "type">) =>
      new Promise<{ response: Response; items: OpenAI.Responses.ResponseOutputItem[]; text: string }>(
        (resolve, reject) => {
          const items: OpenAI.Responses.ResponseOutputItem[] = [];
          let text = "";
          const listener = (event: Event) => {
            if (event.type === "response.output_item.done") items.push(event.item);
            if (event.type === "response.output_text.delta") text += event.delta;
            if (event.type === "response.completed") resolve({ response: event.response, items, text });
            else if (event.type === "error") reject(new Error(JSON.stringify(event)));
            else return;
            socket.off("event", listener);
          };
          socket.on("event", listener);
          socket.send({ type: "response.create", ...body });
        },
      ),
  };
}

const tools: OpenAI.Responses.FunctionTool[] = [
  {
    type: "function",
    name: "weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    strict: false,
  },
];

describe.each(upstreamWays)("the openai SDK on a socket, onto $name", ({ options, model }) => {
  test.each([undefined, false])("does several turns with tools by previous_response_id, store %s", async (store) => {
    const { url, sandbox } = await startTestRouter(options);
    sandbox.script({
      answer: {
        steps: [
          { type: "reasoning", summary: ["Two cities."] },
          { type: "function-call", name: "weather", arguments: { city: "Oslo" } },
          { type: "function-call", name: "weather", arguments: { city: "Bergen" } },
        ],
      },
    });
    sandbox.script({ answer: { steps: [{ type: "text", text: "Rain in both." }] } });
    const { ask, errors } = connect(url);
    const common = { model, tools, reasoning: { effort: "low" as const }, ...(store === undefined ? {} : { store }) };
    const first = await ask({ ...common, input: "How are Oslo and Bergen?" });
    const calls = first.items.filter((item) => item.type === "function_call");
    expect(calls.map((call) => JSON.parse(call.arguments).city)).toEqual(["Oslo", "Bergen"]);
    const second = await ask({
      ...common,
      previous_response_id: first.response.id,
      input: calls.map((call, index) => ({
        type: "function_call_output" as const,
        call_id: call.call_id,
        output: `rain number ${index}`,
      })),
    });
    expect(second.text).toBe("Rain in both.");
    const third = await ask({ ...common, previous_response_id: second.response.id, input: "Thanks" });
    expect(third.response.status).toBe("completed");
    const asked = lastAsked(sandbox);
    for (const part of ["How are Oslo", "rain number 0", "rain number 1", "Rain in both.", "Thanks"]) {
      expect(asked.split(part)).toHaveLength(2);
    }
    expect(errors).toEqual([]);
  });
});

test("the openai SDK hears of a stale response, goes on in full on the same socket, and of a wrong key", async () => {
  const { url } = await startTestRouter({ server: { keys: ["the-client-key"] } });
  const { ask, errors } = connect(url, "the-client-key");
  const body = { model: "codex/gpt-5.4", store: false, input: "Hi" };
  await expect(ask({ ...body, previous_response_id: "resp_gone" })).rejects.toThrow("previous_response_not_found");
  expect(errors).toMatchObject([{ status: 400, error: { code: "previous_response_not_found" } }]);
  expect((await ask(body)).response.status).toBe("completed");
  const wrong = connect(url, "another-key");
  await expect.poll(() => wrong.errors).toEqual(["Unexpected server response: 401"]);
});
