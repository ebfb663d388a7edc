import { wireFormats } from "@turnout/core";
import type { AnswerScript, Fault } from "@turnout/sandbox";
import { describe, expect, test } from "vitest";
import { upstreams } from "./sdk-matrix/upstreams.ts";
import { bodyOf, post } from "./support/ask.ts";
import { startTestRouter } from "./support/running-router.ts";
import { verdict } from "./support/verdict.ts";

const words = "Some words, told in several pieces.";
const answer: AnswerScript = { steps: [{ type: "text", text: words, deltaLength: 7 }] };

/** More events than the answer has in any format: from some point on a cut does no harm. */
const mostEvents = 24;

describe.each(upstreams)("an upstream that speaks $wire", (upstream) => {
  describe.each(wireFormats)("asked in %s", (wire) => {
    test("cut after every event: one end or one error, never both, never none", async () => {
      const { url, sandbox } = await startTestRouter({ providers: upstream.providers });
      let failures = 0;
      for (const stream of [true, false]) {
        for (let after = 0; after < mostEvents; after += 1) {
          sandbox.script({ answer, fault: { type: "cut", after }, times: 2 });
          const seen = verdict(wire, await post(url, wire, bodyOf(wire, stream, upstream.model)));
          expect(seen.kind, `cut after ${after}, streamed: ${stream}: ${JSON.stringify(seen)}`).not.toBe("lie");
          // What looks answered must be the whole answer.
          if (seen.kind === "answered") expect(seen.text).toBe(words);
          else failures += 1;
        }
      }
      expect(failures).toBeGreaterThan(4);
    });

    const faults: readonly [string, Fault][] = [
      ["one byte at a time", { type: "one-byte-chunks" }],
      ["events after the end", { type: "extra-after-terminal" }],
      ["unknown events", { type: "unknown-events" }],
    ];
    test.each(faults)("%s does no harm", async (_name, fault) => {
      const { url, sandbox } = await startTestRouter({ providers: upstream.providers });
      sandbox.script({ answer, fault, times: 2 });
      // A document with something after its end is broken JSON, as it would be anywhere.
      const forms = fault.type === "extra-after-terminal" ? [true] : [true, false];
      for (const stream of forms) {
        const received = await post(url, wire, bodyOf(wire, stream, upstream.model));
        expect(verdict(wire, received)).toEqual({ kind: "answered", text: words });
      }
    });

    test("an error inside the stream is told in the client's grammar", async () => {
      const { url, sandbox } = await startTestRouter({ providers: upstream.providers });
      const error = { type: "server_error", code: "server_error", message: "It broke" };
      const fault: Fault = { type: "error-event", error, status: 500, afterEvents: 4 };
      sandbox.script({ answer: { ...answer, delayMs: 20 }, fault, times: 4 });
      expect(verdict(wire, await post(url, wire, bodyOf(wire, true, upstream.model)))).toMatchObject({
        kind: "failed",
      });
    });
  });
});
