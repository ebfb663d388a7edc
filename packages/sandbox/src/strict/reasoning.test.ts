import type { JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";
import { answer, say } from "../index.ts";
import { goodBody, outputItems, post, startSandbox, textOf, userMessage } from "../../test/harness.ts";

const script = answer(say.reasoning("Thinking."), say.text("Done."));

async function reasoned(extra: JsonObject = {}) {
  const sandbox = await startSandbox({ answer: script });
  const account = sandbox.createAccount();
  const first = await post(sandbox, account, goodBody(extra));
  const items = outputItems(first.events);
  const added = first.events.find(({ type }) => type === "response.output_item.added")?.item;
  return { sandbox, account, items, added };
}

function replay(items: readonly JsonObject[]): JsonObject {
  return goodBody({ input: [userMessage("Hello"), ...items, userMessage("And?")] });
}

describe("a reasoning item", () => {
  test("is accepted when it comes back as it was in output_item.done", async () => {
    const { sandbox, account, items } = await reasoned();
    expect(items.map(({ type }) => type)).toEqual(["reasoning", "message"]);
    expect((await post(sandbox, account, replay(items))).status).toBe(200);
  });

  test("is refused with the payload of output_item.added", async () => {
    const { sandbox, account, items, added } = await reasoned();
    const [, message] = items;
    expect(added).not.toMatchObject({ encrypted_content: items[0]?.encrypted_content });
    const wrong = await post(sandbox, account, replay([JSON.parse(JSON.stringify(added)), message ?? {}]));
    expect(wrong).toMatchObject({ status: 400 });
    expect(wrong.text).toContain("invalid_encrypted_content");
  });

  test("is refused for another account", async () => {
    const { sandbox, items } = await reasoned();
    const wrong = await post(sandbox, sandbox.createAccount(), replay(items));
    expect(wrong.text).toContain("invalid_encrypted_content");
  });

  test("is refused when one character of its payload changed", async () => {
    const { sandbox, account, items } = await reasoned();
    const [first, ...rest] = items;
    const payload = textOf(first?.encrypted_content);
    const changed = { ...first, encrypted_content: `${payload.slice(0, -1)}${payload.endsWith("x") ? "y" : "x"}` };
    const wrong = await post(sandbox, account, replay([changed, ...rest]));
    expect(wrong.text).toContain("invalid_encrypted_content");
  });

  test("is refused without the item it led to", async () => {
    const { sandbox, account, items } = await reasoned();
    const wrong = await post(sandbox, account, replay(items.slice(0, 1)));
    expect(wrong.text).toContain("without its required following item");
  });

  test("has no payload unless `include` asks for it", async () => {
    const { items, added } = await reasoned({ include: [] });
    expect(items[0]).not.toHaveProperty("encrypted_content");
    expect(added).not.toHaveProperty("encrypted_content");
  });
});
