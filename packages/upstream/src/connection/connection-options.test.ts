import { expect, test } from "vitest";
import { z } from "zod";

import { connectionFields, connectionHeaders, connectionSettings, httpUrlSchema } from "./connection-options.ts";

const schema = z.strictObject(connectionFields);

test("connectionHeaders() lets the user's headers win, and says what is taken as an answer", () => {
  const options = schema.parse({ headers: { "user-agent": "mine" } });
  const request = { model: "m", body: {}, stream: true };
  expect(connectionHeaders(options, request)).toEqual({ accept: "text/event-stream", "user-agent": "mine" });
  expect(connectionHeaders(schema.parse({}), { ...request, stream: false })).toEqual({
    accept: "application/json",
    "user-agent": "turnout",
  });
});

test("connectionSettings() passes on every deadline and limit", () => {
  const options = schema.parse({
    connectTimeoutMs: 1,
    firstEventTimeoutMs: 2,
    silenceTimeoutMs: 3,
    documentTimeoutMs: 4,
    maxConnections: 5,
    proxyUrl: "http://127.0.0.1:6",
  });
  expect(connectionSettings(options)).toEqual({
    limits: { firstEventTimeoutMs: 2, silenceTimeoutMs: 3, documentTimeoutMs: 4 },
    clientOptions: { connectTimeoutMs: 1, maxConnections: 5, proxyUrl: "http://127.0.0.1:6" },
  });
});

test.each(["content-length", "Host", "host", "x y", "transfer-encoding", ""])("no header %j can be set", (name) => {
  expect(schema.safeParse({ headers: { [name]: "1" } }).success).toBe(false);
});

test("httpUrlSchema cuts slashes at the end, and takes nothing but http(s)", () => {
  expect(httpUrlSchema.parse("https://api.example/v1//")).toBe("https://api.example/v1");
  for (const url of ["ws://x", "file:///x", "api.example"]) expect(httpUrlSchema.safeParse(url).success).toBe(false);
});
