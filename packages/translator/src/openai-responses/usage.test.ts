import type { Usage } from "@turnout/core";
import fc from "fast-check";
import { expect, test } from "vitest";

import { decodeUsage, encodeUsage } from "./usage.ts";

test.each([null, undefined, 7, "x", []])("decodeUsage(%j) knows nothing (T99)", (value) => {
  expect(decodeUsage(value)).toBeUndefined();
});

test("decodeUsage() takes what was cached out of the input, at least 0 (T114, T115)", () => {
  const read = (input_tokens: number) =>
    decodeUsage({ input_tokens, input_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 } });
  expect(read(10)).toMatchObject({ inputFresh: 4, cacheRead: 4, cacheWrite: 2 });
  expect(read(5)).toMatchObject({ inputFresh: 0 });
  expect(decodeUsage({ output_tokens: 3 })).toEqual({ output: 3, raw: { output_tokens: 3 } });
});

test("encodeUsage() writes every counter that strict clients read (T106)", () => {
  expect(encodeUsage(undefined)).toEqual({
    input_tokens: 0,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: 0,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 0,
  });
});

test("decodeUsage() of encodeUsage() is the same counters", () => {
  const counter = fc.nat();
  const anyUsage = fc.record({
    inputFresh: counter,
    cacheRead: counter,
    cacheWrite: counter,
    output: counter,
    reasoning: counter,
  });
  fc.assert(
    fc.property(anyUsage, (usage: Usage) => {
      const { raw: _raw, ...counters } = decodeUsage(encodeUsage(usage)) ?? {};
      expect(counters).toEqual(usage);
    }),
  );
});

test("encodeUsage() does not take another format's object for its own", () => {
  const raw = { input_tokens: 1, output_tokens: 2, cache_read_input_tokens: 5 };
  expect(encodeUsage({ inputFresh: 1, cacheRead: 5, output: 2, raw })).toMatchObject({ input_tokens: 6 });
});
