import type { JsonObject, JsonValue } from "@turnout/core";
import { answer, faults, say } from "@turnout/sandbox";
import { expect } from "vitest";

import { collectEvents } from "../collect.ts";
import { type ContractBench, text } from "./bench.ts";
import { itemsOf, parseEvent } from "./events.ts";

/** What a good answer is. */
export function answerChecks(bench: ContractBench): void {
  const { check, language } = bench;

  check("names itself, its language and its upstream", () => {
    expect(bench.executor.id).toMatch(/^[a-z\d-]+$/u);
    expect(bench.executor.wire).toBe(bench.wire);
    expect(bench.sandbox.url).toBe(`http://${bench.executor.upstreamHost}`);
  });

  check("text: every event of the answer, in order, the last one terminal", async () => {
    bench.script(text);
    const { events, error } = await bench.run();
    expect(error).toBeUndefined();
    expect(events.map((event) => language.isEnd(event)).lastIndexOf(true)).toBe(events.length - 1);
    expect(language.textOf(events)).toBe("Hello to you, whoever you are.");
  });

  check("tools in parallel keep their calls apart", async () => {
    bench.script(answer(say.parallel([say.call("first", { a: 1 }), say.call("second", { b: 2 })])));
    const { events, error } = await bench.run();
    expect(error).toBeUndefined();
    expect(language.callsOf(events)).toEqual([
      { name: "first", arguments: '{"a":1}' },
      { name: "second", arguments: '{"b":2}' },
    ]);
  });

  check("unknown events pass through", async () => {
    bench.script(text, faults.unknownEvents());
    const { events, error } = await bench.run();
    expect(error).toBeUndefined();
    expect(language.isEnd(events.at(-1) ?? { type: "", data: "{}" })).toBe(true);
  });

  if (bench.wire === "openai-responses" || bench.wire === "anthropic-messages") {
    check("nothing follows the terminal event", async () => {
      bench.script(text, faults.extraAfterTerminal());
      const { events, error } = await bench.run();
      expect(error).toBeUndefined();
      expect(language.isEnd(events.at(-1) ?? { type: "", data: "{}" })).toBe(true);
    });
  }

  check("one-byte chunks make the same events", async () => {
    bench.script(text, faults.oneByteChunks());
    const { events, error } = await bench.run();
    expect(error).toBeUndefined();
    expect(language.textOf(events)).toBe("Hello to you, whoever you are.");
  });

  check("the given body is not changed", async () => {
    const before = JSON.stringify(bench.question);
    bench.script(text);
    await bench.run();
    expect(JSON.stringify(bench.question)).toBe(before);
  });
}

/** What only Responses has. */
export function responsesChecks(bench: ContractBench): void {
  const { check, question } = bench;

  check("text: the types of events frame the answer", async () => {
    bench.script(text);
    const { events } = await bench.run();
    expect(events.every((event) => parseEvent(event)["type"] === event.type)).toBe(true);
    const types = events.map((event) => event.type).filter((type) => type.startsWith("response."));
    expect(types[0]).toBe("response.created");
    expect(types.at(-1)).toBe("response.completed");
  });

  check("reasoning arrives with its encrypted content, and is taken back", async () => {
    bench.script(answer(say.reasoning("Thinking"), say.text("Done")));
    // The public API gives it only to who asks.
    const asked = { ...question, include: ["reasoning.encrypted_content"] };
    const first = await bench.run(asked);
    expect(first.error).toBeUndefined();
    const items = itemsOf(first.events);
    expect(items[0]).toMatchObject({ type: "reasoning", encrypted_content: expect.any(String) });
    const second = await bench.run({ ...asked, input: [...inputOf(question), ...items] });
    expect(second.error).toBeUndefined();
  });

  check("structured output follows the schema", async () => {
    bench.script(answer(say.json({ city: "Bern" })));
    const properties = { city: { type: "string" } };
    const schema = { type: "object", properties, required: ["city"], additionalProperties: false };
    const format = { type: "json_schema", name: "place", strict: true, schema };
    const { events, error } = await bench.run({ ...question, text: { format } });
    expect(error).toBeUndefined();
    const done = events.find((event) => event.type === "response.output_text.done");
    expect(done === undefined ? undefined : parseEvent(done)["text"]).toBe('{"city":"Bern"}');
  });

  check("an unfinished answer ends with its own terminal event", async () => {
    bench.script({ ...text, finish: { type: "incomplete", reason: "max_output_tokens" } });
    const { events, error } = await bench.run();
    expect(error).toBeUndefined();
    expect(events.at(-1)?.type).toBe("response.incomplete");
  });

  check("a body the upstream refuses fields of is answered, and the report names them", async () => {
    bench.script(text);
    const response = await bench.execute({ ...question, temperature: 0.5, store: true, max_output_tokens: 5 });
    const { error } = await collectEvents(response);
    expect(error).toBeUndefined();
    const paths = response.meta.report?.dropped.map((loss) => loss.path) ?? [];
    expect(paths).toEqual(expect.arrayContaining(["temperature", "store", "max_output_tokens"]));
  });
}

function inputOf({ input }: JsonObject): readonly JsonValue[] {
  return Array.isArray(input) ? input : [];
}
