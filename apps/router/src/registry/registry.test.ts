import { createAccountPool } from "@turnout/auth";
import { RouterError } from "@turnout/core";
import { describe, expect, test } from "vitest";
import type { Provider } from "./provider.ts";
import { createRegistry } from "./registry.ts";

const account = {
  key: "one",
  lease: () => Promise.reject(new Error("unused")),
  renew: () => Promise.resolve(undefined),
};

function provider(name: string, models: readonly string[], simulated = false, accounts = [account]): Provider {
  return {
    name,
    executors: [],
    pool: createAccountPool(accounts),
    models: new Map(models.map((id) => [id, { id }])),
    simulated,
    close: () => Promise.resolve(),
  };
}

const codex = provider("codex", ["gpt-5.4", "gpt-5.4-mini"]);
const sandbox = provider("sandbox", ["gpt-5.4", "only-here"], true);
const registry = createRegistry([codex, sandbox], { fast: "codex/gpt-5.4-mini" });

describe("createRegistry()", () => {
  test("finds a qualified name, an alias and a bare name", () => {
    expect(registry.lookup("codex/gpt-5.4")).toEqual({ provider: codex, upstreamModel: "gpt-5.4" });
    expect(registry.lookup("fast")).toEqual({ provider: codex, upstreamModel: "gpt-5.4-mini" });
    expect(registry.lookup("gpt-5.4")).toEqual({ provider: codex, upstreamModel: "gpt-5.4" });
    expect(registry.lookup("sandbox/gpt-5.4").provider).toBe(sandbox);
  });

  test("never leads a bare name to the sandbox", () => {
    expect(() => registry.lookup("only-here")).toThrow(/Cannot find model "only-here"/);
  });

  test("suggests the nearest name", () => {
    expect(() => registry.lookup("codex/gpt-5.5")).toThrow('did you mean "codex/gpt-5.4"?');
  });

  test.each(["__proto__", "constructor", "toString", "codex/__proto__"])("knows no model %j", (name) => {
    expect(() => registry.lookup(name)).toThrow(RouterError);
  });

  test("quotes little of an endless name, and looks for nothing near it", () => {
    const error = RouterError.from(catchError(() => registry.lookup("codex/gpt-5.4".padEnd(1_000_000, "x"))));
    expect(error.code).toBe("not-found");
    expect(error.message.length).toBeLessThan(400);
    expect(error.details).toEqual({ path: "model" });
  });

  test("lists models and aliases", () => {
    const ids = registry.list().map((model) => model.id);
    expect(ids).toEqual(["codex/gpt-5.4", "codex/gpt-5.4-mini", "sandbox/gpt-5.4", "sandbox/only-here", "fast"]);
  });

  test("does not list what has no account, finds it all the same, and prefers what has one", () => {
    const idle = provider("idle", ["gpt-5.4", "rare"], false, []);
    const both = createRegistry([idle, codex], {});
    expect(both.list().map((model) => model.id)).toEqual(["codex/gpt-5.4", "codex/gpt-5.4-mini"]);
    expect(both.lookup("idle/rare").provider).toBe(idle);
    expect(both.lookup("rare").provider).toBe(idle);
    expect(both.lookup("gpt-5.4").provider).toBe(codex);
  });

  test("lists a model from the moment its provider has an account, and no longer than that", () => {
    const late = provider("late", ["rare"], false, []);
    const growing = createRegistry([late], {});
    expect(growing.list()).toEqual([]);
    late.pool.update([account]);
    expect(growing.list().map((model) => model.id)).toEqual(["late/rare"]);
    late.pool.update([]);
    expect(growing.list()).toEqual([]);
  });

  test("refuses an alias that leads nowhere", () => {
    expect(() => createRegistry([codex], { broken: "codex/none" })).toThrow(/Cannot use alias "broken"/);
  });
});

function catchError(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
