import type { JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { withChatStreamFlag, withStreamFlag } from "./stream-body.ts";

const ask = (body: JsonObject, stream: boolean) => ({ model: "m", body, stream });

describe("withStreamFlag()", () => {
  test.each<[JsonObject, boolean]>([
    [{ stream: true }, true],
    [{ stream: false }, false],
    [{}, false],
    [{ stream: null }, false],
  ])("keeps the very body %j when the request says stream: %j", (body, stream) => {
    expect(withStreamFlag(ask(body, stream))).toBe(body);
  });

  test.each<[JsonObject, boolean]>([
    [{ a: 1 }, true],
    [{ a: 1, stream: false }, true],
    [{ a: 1, stream: true }, false],
  ])("changes the top of %j when the request says stream: %j", (body, stream) => {
    expect(withStreamFlag(ask(body, stream))).toEqual({ a: 1, stream });
  });
});

describe("withChatStreamFlag()", () => {
  test("keeps the very body when it asks for usage already", () => {
    const body = { stream: true, stream_options: { include_usage: true } };
    expect(withChatStreamFlag(ask(body, true))).toBe(body);
  });

  test("takes stream_options out of a document that was written as a stream, but not out of what the client wrote", () => {
    const options = { include_usage: true };
    expect(withChatStreamFlag(ask({ stream: true, stream_options: options }, false))).toEqual({ stream: false });
    const mistake = { stream_options: options };
    expect(withChatStreamFlag(ask(mistake, false))).toBe(mistake);
  });

  test("replaces stream_options that are none", () => {
    expect(withChatStreamFlag(ask({ stream: true, stream_options: null }, true))).toEqual({
      stream: true,
      stream_options: { include_usage: true },
    });
  });
});
