import { expect, test } from "vitest";
import { z } from "zod";

import { accountConfigSchema } from "./account-config.ts";

/** Path and message of each issue, as a config loader would print them. */
function problemsOf(value: unknown): string[] {
  const result = z.strictObject({ accounts: z.array(accountConfigSchema) }).safeParse({ accounts: [value] });
  return result.success ? [] : result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

test("accountConfigSchema accepts each kind and fills in the default of writeBack", () => {
  expect(accountConfigSchema.parse({ authFile: "~/.codex/auth.json" })).toEqual({
    authFile: "~/.codex/auth.json",
    writeBack: false,
  });
  expect(accountConfigSchema.parse({ accessToken: "a.b.c", accountId: "id-1", name: "work" })).toEqual({
    accessToken: "a.b.c",
    accountId: "id-1",
    name: "work",
  });
  expect(accountConfigSchema.parse({ apiKey: "sk-1" })).toEqual({ apiKey: "sk-1" });
});

test("accountConfigSchema names the one wrong key of the kind that is meant", () => {
  expect(problemsOf({ authFile: "a", writeback: true })).toEqual(['accounts.0: Unrecognized key: "writeback"']);
  expect(problemsOf({ authFile: 7 })).toEqual(["accounts.0.authFile: Invalid input: expected string, received number"]);
  expect(problemsOf({ authFile: "a", writeBack: "yes" })).toEqual([
    "accounts.0.writeBack: Invalid input: expected boolean, received string",
  ]);
  expect(problemsOf({ accessToken: "t" })).toEqual([
    "accounts.0.accountId: Invalid input: expected string, received undefined",
  ]);
  expect(problemsOf({ apiKey: "k", accountId: "x" })).toEqual(['accounts.0: Unrecognized key: "accountId"']);
  expect(problemsOf({ apiKey: "k", name: "a/b" })[0]).toMatch(/^accounts\.0\.name: Must be 1 to 64 letters/u);
});

test("accountConfigSchema explains an account of no kind, or of two", () => {
  expect(problemsOf({ authfile: "a" })).toEqual([
    'accounts.0: Unrecognized key: "authfile"',
    "accounts.0: An account needs one of authFile, accessToken, apiKey",
  ]);
  expect(problemsOf({ name: "a" })).toEqual(["accounts.0: An account needs one of authFile, accessToken, apiKey"]);
  expect(problemsOf({ authFile: "a", apiKey: "k" })).toEqual([
    "accounts.0.apiKey: An account cannot have both authFile and apiKey: make two accounts of it",
  ]);
  expect(problemsOf("~/.codex/auth.json")).toEqual(["accounts.0: Expected an account: an object"]);
  expect(problemsOf(null)).toEqual(["accounts.0: Expected an account: an object"]);
  expect(problemsOf([])).toEqual(["accounts.0: Expected an account: an object"]);
});

test("accountConfigSchema reports a secret with a line break without showing it", () => {
  const problems = problemsOf({ apiKey: "sk-secret\n" });
  expect(problems).toEqual(["accounts.0.apiKey: Must not be empty, nor contain spaces or line breaks"]);
  expect(problemsOf({ apiKey: "" })).toHaveLength(1);
  const result = accountConfigSchema.safeParse({ apiKey: "sk-secret\n" });
  expect(JSON.stringify(result.error?.issues)).not.toContain("sk-secret");
});

test("accountConfigSchema is documented field by field in its JSON schema", () => {
  const schema = JSON.stringify(z.toJSONSchema(accountConfigSchema, { io: "input" }));
  for (const key of ["authFile", "writeBack", "accessToken", "accountId", "apiKey", "name"]) {
    expect(schema).toMatch(new RegExp(`"${key}":\\{[^}]*"description":`, "u"));
  }
  expect(schema).toContain("single-use refresh token");
});
