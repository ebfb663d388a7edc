import { expect, test } from "vitest";

import { makeJwt } from "../../test/support.ts";
import { readCodexClaims } from "./codex-claims.ts";

test("readCodexClaims() reads what ChatGPT puts into its tokens", () => {
  const token = makeJwt({
    exp: 1_790_000_000,
    "https://api.openai.com/auth": {
      chatgpt_account_id: "account-1",
      chatgpt_plan_type: "pro",
      chatgpt_user_id: "user-1",
      chatgpt_account_is_fedramp: true,
      organization_id: "org-1",
      project_id: "proj-1",
      organizations: [{ id: "org-1" }],
    },
    "https://api.openai.com/profile": { email: "somebody@example.com" },
  });
  expect(readCodexClaims(token)).toEqual({
    expiresAt: 1_790_000_000_000,
    accountId: "account-1",
    planType: "pro",
    userId: "user-1",
    organizationId: "org-1",
    projectId: "proj-1",
    email: "somebody@example.com",
    isFedramp: true,
  });
});

test("readCodexClaims() treats claims that are missing or of another type as absent", () => {
  const claims = { exp: "soon", "https://api.openai.com/auth": { chatgpt_account_id: 7, user_id: "user-1" } };
  const read = readCodexClaims(makeJwt(claims));
  expect(read).toMatchObject({ expiresAt: undefined, accountId: undefined, userId: "user-1", isFedramp: false });
  expect(readCodexClaims(makeJwt({ "https://api.openai.com/auth": "x" }))?.accountId).toBeUndefined();
});

test("readCodexClaims() gives nothing for what is not a JWT", () => {
  for (const token of ["", "opaque", "a.b.c", "..", `x.${Buffer.from("[]").toString("base64url")}.y`]) {
    expect(readCodexClaims(token)).toBeUndefined();
  }
});
