import type { Runtime } from "@turnout/core";
import { z } from "zod";
import { scenarioSchema } from "./script/fault-schema.ts";
import { answerScriptSchema } from "./script/schema.ts";

/** What a sandbox can be told in a file. */
export const sandboxOptionsSchema = z.strictObject({
  host: z.string().default("127.0.0.1").describe("Address to listen on."),
  port: z.int().min(0).max(65_535).default(0).describe("TCP port; 0 picks a free one."),
  seed: z.int().default(1).describe("The same seed gives the same ids and tokens."),
  answer: answerScriptSchema.optional().describe("Answer when no scenario and no directive says otherwise."),
  scenarios: z.array(scenarioSchema).max(10_000).default([]).describe("Queued at the start."),
  tokenLifetimeSeconds: z.int().positive().default(864_000).describe("Life of an access token; 10 days."),
  deviceLogin: z.boolean().default(true).describe("Whether a login with a device code is allowed."),
  deviceIntervalSeconds: z.int().min(0).default(5).describe("Seconds a device is told to wait between two polls."),
  socketMaxAgeMs: z.int().positive().default(3_600_000).describe("Age at which a socket takes no more requests."),
  maxFrameBytes: z.int().positive().default(16_777_216).describe("A message of this size or more closes with 1009."),
  latencyMs: z.int().min(0).default(0).describe("Milliseconds before the first event of every answer."),
  maxRecordedRequests: z.int().min(0).default(1_000).describe("Newest requests that `requests` keeps."),
  eventsPerWrite: z.int().positive().default(16).describe("Events that go out in one write to the socket."),
});

/** Options of `createSandbox`; all have defaults. */
export type SandboxOptions = z.input<typeof sandboxOptionsSchema> & {
  /** Clock and timers. Default: the system's. */
  readonly runtime?: Runtime;
};

export type ParsedSandboxOptions = z.output<typeof sandboxOptionsSchema>;
