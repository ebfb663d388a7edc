import { systemRuntime, wireFormats } from "@turnout/core";
import type { Fault } from "@turnout/sandbox";
import { describe, expect, test } from "vitest";
import { bodyOf, type ClientWire, post } from "./support/ask.ts";
import { startTestRouter } from "./support/running-router.ts";
import { type Verdict, verdict } from "./support/verdict.ts";

const answer = {
  steps: [{ type: "text" as const, text: "Hello from the sandbox, in several pieces.", deltaLength: 6 }],
};
// The events are a little apart, so that the answer has begun when an event in its middle tells of a failure.
const pacedAnswer = { ...answer, delayMs: 20 };

/** The router's waits for an overloaded upstream are over at once. */
const runtime = { ...systemRuntime, sleep: () => Promise.resolve() };

const answered: Verdict = { kind: "answered", text: "Hello from the sandbox, in several pieces." };

/** What the client must see when the one transport it has shows the fault, and nothing else is left to try. */
interface Case {
  readonly name: string;
  readonly fault: Fault;
  /** Status of an error that comes before anything of the answer. */
  readonly status: number;
  /** The fault strikes after the answer has begun: a streamed client gets the error as its last event. */
  readonly midway?: true;
  /** The fault does no harm at all. */
  readonly harmless?: true;
  /** Status over WebSocket, where the fault strikes in the handshake. */
  readonly handshakeStatus?: number;
  /** Only this transport can show it. */
  readonly only?: "ws" | "http";
}

const cases: readonly Case[] = [
  { name: "handshake 426", fault: { type: "handshake", status: 426 }, status: 503, only: "ws" },
  { name: "handshake 403", fault: { type: "handshake", status: 403 }, status: 503, only: "ws" },
  { name: "handshake 404", fault: { type: "handshake", status: 404 }, status: 503, only: "ws" },
  { name: "handshake 500", fault: { type: "handshake", status: 500 }, status: 503, only: "ws" },
  { name: "cut on the request", fault: { type: "cut", after: "request" }, status: 503 },
  { name: "cut after the first event", fault: { type: "cut", after: "first-event" }, status: 503 },
  { name: "cut in the middle", fault: { type: "cut", after: 8 }, status: 503, midway: true },
  { name: "cut inside an event", fault: { type: "cut", after: 8, atByte: 20 }, status: 503, midway: true },
  { name: "closed in the middle", fault: { type: "cut", after: 8, how: "close" }, status: 503, midway: true },
  { name: "close code 1011", fault: { type: "cut", after: 8, how: 1011 }, status: 503, midway: true, only: "ws" },
  { name: "close code 1000", fault: { type: "cut", after: 8, how: 1000 }, status: 503, midway: true, only: "ws" },
  { name: "no terminal event", fault: { type: "no-terminal" }, status: 503, midway: true },
  { name: "broken JSON", fault: { type: "malformed", what: "broken-json", afterEvents: 8 }, status: 502, midway: true },
  { name: "an HTML page", fault: { type: "html", status: 403 }, status: 502, handshakeStatus: 503 },
  { name: "a usage limit", fault: { type: "rate-limit", resetsInSeconds: 60 }, status: 429 },
  {
    name: "an overload",
    fault: {
      type: "error-event",
      status: 503,
      error: { type: "server_error", code: "server_is_overloaded", message: "At capacity" },
    },
    status: 503,
  },
  {
    name: "response.failed in the middle",
    fault: {
      type: "error-event",
      shape: "response.failed",
      error: { code: "server_error", message: "Broke" },
      afterEvents: 8,
    },
    status: 502,
    midway: true,
  },
  { name: "one byte at a time", fault: { type: "one-byte-chunks" }, status: 200, harmless: true },
  { name: "events after the end", fault: { type: "extra-after-terminal" }, status: 200, harmless: true },
  { name: "unknown events", fault: { type: "unknown-events" }, status: 200, harmless: true },
];

/** Anthropic has a status of its own for what others call 503. */
function statusFor(wire: ClientWire, status: number): number {
  return wire === "anthropic-messages" && status === 503 ? 529 : status;
}

function paced(fault: Fault) {
  return fault.type === "error-event" && fault.afterEvents ? pacedAnswer : answer;
}

const transports = ["ws", "http"] as const;

for (const transport of transports) {
  const shown = cases.filter((entry) => entry.only === undefined || entry.only === transport);
  describe.each(shown)(`a fault over ${transport}: $name`, ({ fault, status, handshakeStatus, midway, harmless }) => {
    describe.each(wireFormats)("%s", (wire) => {
      test.each([true, false])("streamed: %s", async (stream) => {
        const { url, sandbox } = await startTestRouter({ runtime, codex: { transport } });
        sandbox.script({ transport, answer: paced(fault), fault, times: 9 });
        const received = await post(url, wire, bodyOf(wire, stream));
        const seen = verdict(wire, received);
        if (harmless) expect(seen).toEqual(answered);
        else if (midway && stream) expect(seen).toMatchObject({ kind: "failed", status: 200 });
        else {
          const expected = (transport === "ws" ? handshakeStatus : undefined) ?? status;
          expect(seen).toMatchObject({ kind: "failed", status: statusFor(wire, expected) });
        }
      });
    });
  });
}

describe.each(cases.filter((entry) => entry.only !== "http" && entry.name !== "a usage limit"))(
  "with HTTP to fall back to, a fault over WebSocket: $name",
  ({ fault, midway, harmless, name }) => {
    describe.each(wireFormats)("%s", (wire) => {
      test.each([true, false])("streamed: %s", async (stream) => {
        const { url, sandbox } = await startTestRouter({ runtime });
        sandbox.script({ transport: "ws", answer: paced(fault), fault, times: 9 });
        sandbox.script({ transport: "http", answer });
        const received = await post(url, wire, bodyOf(wire, stream));
        const seen = verdict(wire, received);
        if (midway && stream) {
          expect(seen).toMatchObject({ kind: "failed", status: 200 });
          expect(received.headers["x-turnout-executor"]).toBe("codex-ws");
        } else if (name === "an overload") {
          expect(seen).toMatchObject({ kind: "failed", status: statusFor(wire, 503) });
        } else {
          expect(seen).toEqual(answered);
          expect(received.headers["x-turnout-executor"]).toBe(harmless ? "codex-ws" : "codex-http");
          expect(received.headers["x-turnout-transport"]).toBe(harmless ? "ws" : "http");
          expect(received.headers["x-turnout-attempts"]).toBe(harmless ? "1" : "2");
        }
      });
    });
  },
);
