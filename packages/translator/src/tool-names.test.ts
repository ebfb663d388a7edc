import type { Tool } from "@turnout/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createToolNames } from "./tool-names.ts";

function tool(name: string, namespace?: string): Tool {
  return namespace === undefined ? { type: "function", name } : { type: "function", name, namespace };
}

describe("createToolNames()", () => {
  test("a name that is allowed stays", () => {
    const names = createToolNames([tool("get_weather")]);
    expect(names.toWire("get_weather")).toBe("get_weather");
    expect(names.fromWire("get_weather")).toEqual({ name: "get_weather", kind: "function" });
  });

  test("bad characters are replaced, and the answer's name is turned back (T33)", () => {
    const names = createToolNames([tool("a.b"), tool("a_b")]);
    const sent = [names.toWire("a.b"), names.toWire("a_b")];
    expect(sent).toEqual(["a_b", "a_b_2"]);
    expect(sent.map((name) => names.fromWire(name)?.name)).toEqual(["a.b", "a_b"]);
  });

  test("names cut to the same beginning stay apart (T34)", () => {
    const long = "x".repeat(80);
    const names = createToolNames([tool(`${long}1`), tool(`${long}2`)]);
    expect(names.toWire(`${long}1`)).not.toBe(names.toWire(`${long}2`));
    expect(names.fromWire(names.toWire(`${long}2`))?.name).toBe(`${long}2`);
  });

  test("two namespaces may hold the same name, and kinds are kept (T36)", () => {
    const names = createToolNames([tool("run", "a"), tool("run", "b"), { type: "custom", name: "run" }]);
    expect(names.toWire("run", "a")).toBe("a__run");
    expect(names.fromWire("b__run")).toEqual({ name: "run", namespace: "b", kind: "function" });
    expect(names.fromWire("run")).toEqual({ name: "run", kind: "custom" });
  });

  test("any set of tools maps to distinct allowed names and back", () => {
    const anyTool = fc.record({ name: fc.string({ minLength: 1, maxLength: 90 }), namespace: fc.string() });
    fc.assert(
      fc.property(fc.uniqueArray(anyTool, { selector: (one) => JSON.stringify(one) }), (tools) => {
        const names = createToolNames(tools.map(({ name, namespace }) => tool(name, namespace)));
        const sent = tools.map(({ name, namespace }) => names.toWire(name, namespace));
        expect(new Set(sent).size).toBe(sent.length);
        for (const name of sent) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/u);
        expect(sent.map((name) => names.fromWire(name)?.name)).toEqual(tools.map(({ name }) => name));
      }),
    );
  });
});
