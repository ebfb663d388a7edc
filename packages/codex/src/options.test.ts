import type { Credential } from "@turnout/core";
import { expect, test } from "vitest";
import { z } from "zod";

import { codexAuth } from "./authentication.ts";
import { codexBaseUrlFor, codexOptionsSchema, codexRulesFor, codexUserAgent } from "./options.ts";

const oauth: Credential = { accountKey: "a", kind: "oauth", secret: "t" };
const apiKey: Credential = { accountKey: "b", kind: "api-key", secret: "k" };

test("codexOptionsSchema has a default for everything and describes every field", () => {
  expect(codexOptionsSchema.parse({})).toMatchObject({
    baseUrl: "https://chatgpt.com/backend-api/codex",
    transport: "auto",
    socketPath: "/responses",
    issuer: "https://auth.openai.com",
    connectTimeoutMs: 15_000,
    maxFrameBytes: 15_728_640,
  });
  const { properties } = z.toJSONSchema(codexOptionsSchema, { io: "input" });
  for (const [name, field] of Object.entries(properties ?? {})) expect(field, name).toHaveProperty("description");
});

test.each([
  [{ baseUrl: "ftp://x" }],
  [{ baseUrl: "chatgpt.com" }],
  [{ transport: "quic" }],
  [{ socketPath: "responses" }],
  [{ originator: "a\nb" }],
  [{ maxFrameBytes: 16_777_216 }],
  [{ accounts: [] }],
])("codexOptionsSchema refuses %j", (options) => {
  expect(codexOptionsSchema.safeParse(options).success).toBe(false);
});

test("codexOptionsSchema cuts slashes at the end of URLs", () => {
  expect(codexOptionsSchema.parse({ baseUrl: "http://localhost:1/v1/" }).baseUrl).toBe("http://localhost:1/v1");
});

test.each([
  [undefined, oauth, "https://chatgpt.com/backend-api/codex", "backend"],
  [undefined, apiKey, "https://api.openai.com/v1", "public"],
  ["http://localhost:1/backend-api/codex", apiKey, "http://localhost:1/backend-api/codex", "backend"],
  ["http://localhost:1/v1", apiKey, "http://localhost:1/v1", "public"],
  ["http://localhost:1/v1", oauth, "http://localhost:1/v1", "backend"],
])("base URL %s with this credential: %#", (baseUrl, credential, expectedUrl, expectedRules) => {
  const options = codexOptionsSchema.parse(baseUrl === undefined ? {} : { baseUrl });
  expect(codexBaseUrlFor(options, credential)).toBe(expectedUrl);
  expect(codexRulesFor(options, credential)).toBe(expectedRules);
});

test("codexUserAgent() agrees with originator and version, unless it is set", () => {
  const options = codexOptionsSchema.parse({ originator: "me", clientVersion: "1.2.3" });
  expect(codexUserAgent(options)).toMatch(/^me\/1\.2\.3 \(/u);
  expect(codexUserAgent({ ...options, userAgent: "mine/1" })).toBe("mine/1");
});

test("codexAuth() follows the issuer of the options", () => {
  const auth = codexAuth(codexOptionsSchema.parse({ issuer: "http://localhost:9" }));
  expect(auth.oauth).toMatchObject({ issuer: "http://localhost:9", tokenPath: "/oauth/token" });
});
