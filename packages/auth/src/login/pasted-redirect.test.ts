import { expect, test } from "vitest";

import { readPastedRedirect } from "./pasted-redirect.ts";

test.each([
  ["http://localhost:1455/auth/callback?code=ac_12345678&state=s", { code: "ac_12345678", state: "s" }],
  [" http://localhost:1455/auth/callback?error=access_denied&state=s#x\n", { error: "access_denied", state: "s" }],
  ["code=ac_12345678&state=s", { code: "ac_12345678", state: "s" }],
  ["ac_1234567890abc", { code: "ac_1234567890abc" }],
])("readPastedRedirect() understands %j", (text, parameters) => {
  const pasted = readPastedRedirect(text);
  expect(Object.fromEntries(pasted?.parameters ?? [])).toEqual(parameters);
  expect(pasted?.hasState).toBe("state" in parameters);
});

test.each(["", "nonsense", "two words here", "https://example.com/?q=1", `ac_${"x".repeat(10_000)}`])(
  "readPastedRedirect() does not take %j",
  (text) => expect(readPastedRedirect(text)).toBeUndefined(),
);
