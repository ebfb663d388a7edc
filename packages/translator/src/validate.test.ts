import { RouterError } from "@turnout/core";
import { expect, test } from "vitest";
import * as z from "zod";

import { formatPath, parseRequest } from "./validate.ts";

test("formatPath() writes indexes in brackets and names with dots", () => {
  expect(formatPath(["messages", 2, "content", 0, "type"])).toBe("messages[2].content[0].type");
  expect(formatPath([])).toBe("");
});

const part = z.object({ type: z.literal("text"), text: z.string() });
const schema = z.object({ messages: z.array(z.object({ content: z.union([z.string(), z.array(part)]) })) });

function failure(value: unknown, at?: readonly PropertyKey[]) {
  try {
    parseRequest(schema, value, "Test request", at);
    return undefined;
  } catch (error) {
    return RouterError.is(error) ? error : undefined;
  }
}

test("parseRequest() names the field deepest inside a union, and what is wrong with it", () => {
  const error = failure({ messages: [{ content: [{ type: "text", text: 7 }] }] });
  expect(error).toMatchObject({ code: "request-invalid", details: { path: "messages[0].content[0].text" } });
  expect(error?.message).toBe(
    "Cannot read Test request: `messages[0].content[0].text`: expected string, received number",
  );
});

test("parseRequest() puts the place of a part before the path", () => {
  expect(failure({ messages: 1 }, ["input", 3])?.details).toEqual({ path: "input[3].messages" });
});

test.each([undefined, null, 1, "text", []])("parseRequest() refuses %j with an empty path", (value) => {
  expect(failure(value)?.details).toEqual({ path: "" });
});
