import { isJsonObject, type JsonObject, type WireEvent } from "@turnout/core";
import { expect } from "vitest";

export function parseEvent(event: WireEvent): JsonObject {
  const value: unknown = JSON.parse(event.data);
  if (!isJsonObject(value)) throw new Error(`Not an object: ${event.data}`);
  return value;
}

function objectAt(value: JsonObject | undefined, key: string): JsonObject {
  const inner = value?.[key];
  return isJsonObject(inner) ? inner : {};
}

const deltaTypes: Readonly<Record<string, readonly string[]>> = {
  text: ["text_delta", "citations_delta"],
  thinking: ["thinking_delta", "signature_delta"],
  tool_use: ["input_json_delta"],
  server_tool_use: ["input_json_delta"],
  mcp_tool_use: ["input_json_delta"],
  compaction: ["compaction_delta"],
};

/**
 * The grammar of a Messages stream: one start, blocks one after another with indexes 0…n, deltas that fit their block, the
 * signature last in thoughts, one `message_delta` with the reason and the usage, one `message_stop` (laws 5).
 */
export function checkAnthropicGrammar(written: readonly WireEvent[]): void {
  const events = written.map(parseEvent).filter((event) => event["type"] !== "ping");
  expect(written.map((event) => parseEvent(event)["type"])).toEqual(written.map((event) => event.type));
  const start = objectAt(events[0], "message");
  expect(events[0]?.["type"]).toBe("message_start");
  expect(start).toMatchObject({ type: "message", role: "assistant", content: [], stop_reason: null });
  expect(start["id"]).toMatch(/^msg_[a-zA-Z0-9_-]+$/u);
  expect(events.slice(-2).map((event) => event["type"])).toEqual(["message_delta", "message_stop"]);
  for (const type of ["message_start", "message_delta", "message_stop"]) {
    expect(events.filter((event) => event["type"] === type)).toHaveLength(1);
  }
  const end = events.at(-2);
  expect(typeof objectAt(end, "delta")["stop_reason"]).toBe("string");
  expect(typeof objectAt(end, "usage")["output_tokens"]).toBe("number");
  let open: JsonObject | undefined;
  let next = 0;
  let signed = false;
  let hasCalls = false;
  for (const event of events.slice(1, -2)) {
    const delta = objectAt(event, "delta");
    switch (event["type"]) {
      case "content_block_start":
        expect(open).toBeUndefined();
        expect(event["index"]).toBe(next);
        next += 1;
        signed = false;
        open = objectAt(event, "content_block");
        if (open["type"] === "tool_use") {
          hasCalls = true;
          expect(open["id"]).toMatch(/^[a-zA-Z0-9_-]{1,64}$/u);
          expect(open["name"]).toMatch(/./u);
          expect(open["input"]).toEqual({});
        }
        break;
      case "content_block_delta":
        expect(event["index"]).toBe(next - 1);
        expect(deltaTypes[typeof open?.["type"] === "string" ? open["type"] : ""] ?? []).toContain(delta["type"]);
        expect(signed).toBe(false);
        signed = delta["type"] === "signature_delta";
        break;
      case "content_block_stop":
        expect(event["index"]).toBe(next - 1);
        expect(open).toBeDefined();
        if (open?.["type"] === "thinking") expect(signed).toBe(true);
        open = undefined;
        break;
      default:
        expect.fail(`an event that does not belong here: ${JSON.stringify(event)}`);
    }
  }
  expect(open).toBeUndefined();
  const reason = objectAt(end, "delta")["stop_reason"];
  if (hasCalls)
    expect(["tool_use", "max_tokens", "refusal", "pause_turn", "model_context_window_exceeded"]).toContain(reason);
  else expect(reason).not.toBe("tool_use");
}
