import { systemRuntime } from "@turnout/core";
import type { AnswerScript, Fault } from "@turnout/sandbox";
import { describe, expect, test } from "vitest";
import { openSocket, type SocketAnswer, user } from "./support/client-socket.ts";
import { startTestRouter } from "./support/running-router.ts";
import { upstreamWays } from "./support/upstream-table.ts";

const words = "Some words, told in several pieces.";
const answer: AnswerScript = { steps: [{ type: "text", text: words, deltaLength: 7 }] };
// The events are a little apart, so that the answer has begun when one of them tells of a failure.
const paced: AnswerScript = { ...answer, delayMs: 10 };

/** More events than the answer has over any transport: from some point on a cut does no harm. */
const mostEvents = 16;

/** The router's waits for an overloaded upstream are over at once. */
const runtime = { ...systemRuntime, sleep: () => Promise.resolve() };

const ends = new Set(["response.completed", "response.incomplete", "response.failed", "error"]);

/** `answered`, `failed`, or what is untrue about it. */
function truthOf({ events, last, text, items }: SocketAnswer): string {
  if (events.filter((event) => ends.has(event.type)).length !== 1) return "not one end";
  if (events.filter((event) => event.type === "response.created").length > 1) return "two beginnings";
  if (last.type === "response.completed") {
    if (text !== words) return `another text: ${text}`;
    return items.length === 1 ? "answered" : `${items.length} items`;
  }
  if (last.type === "response.failed") return last.response?.status === "failed" ? "failed" : "no failure";
  const { status, error } = last;
  return status !== undefined && status >= 400 && error !== undefined && error.message !== "" ? "failed" : "no error";
}

const faults: readonly [name: string, expected: string, fault: Fault][] = [
  ["one byte at a time", "answered", { type: "one-byte-chunks" }],
  ["events after the end", "answered", { type: "extra-after-terminal" }],
  ["unknown events", "answered", { type: "unknown-events" }],
  ["no end", "failed", { type: "no-terminal" }],
  ["a usage limit", "failed", { type: "rate-limit", resetsInSeconds: 60 }],
  ["broken JSON", "failed", { type: "malformed", what: "broken-json", afterEvents: 3 }],
  [
    "an error in the middle",
    "failed",
    {
      type: "error-event",
      status: 500,
      error: { type: "server_error", code: "server_error", message: "It broke" },
      afterEvents: 5,
    },
  ],
];

describe.each(upstreamWays)("one socket of a client, onto $name", ({ options, model, name }) => {
  const common = { model, store: false };

  test("lives through a cut after every event: one end or one error each, and the next answer is whole", async () => {
    const { url, sandbox } = await startTestRouter({ ...options, runtime });
    const client = await openSocket(url);
    let failures = 0;
    for (let after = 0; after < mostEvents; after += 1) {
      sandbox.script({ answer, fault: { type: "cut", after }, times: 2, match: (body) => isMarked(body, after) });
      const cut = await client.ask({ ...common, input: [user(`Marked ${after}.`)] });
      const truth = truthOf(cut);
      expect(["answered", "failed"], `cut after ${after}: ${truth}`).toContain(truth);
      if (truth === "failed") failures += 1;
      sandbox.script({ answer, match: (body) => !isMarked(body, after) });
      const next = await client.ask({ ...common, input: [user("Again")] });
      expect(truthOf(next), `after a cut after ${after}`).toBe("answered");
    }
    expect(failures).toBeGreaterThan(4);
  });

  test.each(faults)("%s: %s", async (_fault, expected, fault) => {
    const { url, sandbox } = await startTestRouter({ ...options, runtime });
    sandbox.script({ answer: fault.type === "error-event" ? paced : answer, fault, times: 3 });
    const client = await openSocket(url);
    const first = await client.ask({ ...common, input: [user("Hi")] });
    expect(truthOf(first), `${name}: ${JSON.stringify(first.last)}`).toBe(expected);
  });
});

function isMarked(body: unknown, after: number): boolean {
  return JSON.stringify(body).includes(`Marked ${after}.`);
}
