import { RouterError } from "@turnout/core";
import { expect, test } from "vitest";

import { isSecretReference, isUsableSecret, resolveSecret } from "./secret-reference.ts";

test("isSecretReference() knows env:NAME and nothing else", () => {
  expect(["env:KEY", "env:_a1"].every(isSecretReference)).toBe(true);
  expect(["sk-1", "env:", "env:1A", "env:A B", "ENV:A", " env:A"].some(isSecretReference)).toBe(false);
});

test("isUsableSecret() refuses what could not stand in a header", () => {
  expect(isUsableSecret("sk-live_1")).toBe(true);
  expect(["", "two words", "line\nbreak", "ключ", "x".repeat(5_000)].some(isUsableSecret)).toBe(false);
});

test("resolveSecret() reads the environment, and gives other text back as it is", () => {
  expect(resolveSecret("sk-1", {}, "openai")).toBe("sk-1");
  expect(resolveSecret("env:KEY", { KEY: "sk-2" }, "openai")).toBe("sk-2");
});

test.each([
  [{}, "Cannot use the API key in $KEY: the variable is not set"],
  [{ KEY: "" }, "Cannot use the API key in $KEY: the variable is not set"],
  [{ KEY: "sk secret" }, "Cannot use the API key in $KEY: the variable holds no key (spaces, line breaks)"],
])("resolveSecret() says what is wrong with the variable, not what is in it: %#", (environment, message) => {
  expect(() => resolveSecret("env:KEY", environment, "openai")).toThrow(
    expect.toSatisfy((error) => RouterError.is(error) && error.message === message),
  );
});
