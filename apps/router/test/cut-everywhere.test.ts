import { wireFormats } from "@turnout/core";
import { frameCount } from "@turnout/sandbox";
import { describe, expect, test } from "vitest";
import { bodyOf, type ClientWire, post } from "./support/ask.ts";
import { startTestRouter } from "./support/running-router.ts";
import { verdict } from "./support/verdict.ts";

const answer = {
  steps: [
    { type: "reasoning" as const, summary: ["Thinking it over"] },
    { type: "text" as const, text: "Some text before the calls.", deltaLength: 9 },
    {
      type: "parallel" as const,
      calls: [
        { type: "function-call" as const, name: "look", arguments: { at: "here" } },
        { type: "function-call" as const, name: "look", arguments: { at: "there" } },
      ],
    },
  ],
};

const parameters = { type: "object" };

/** The tool `look` as each format declares it. */
const tools: Readonly<Record<ClientWire, unknown>> = {
  "openai-chat": [{ type: "function", function: { name: "look", parameters } }],
  "openai-responses": [{ type: "function", name: "look", parameters, strict: false }],
  "anthropic-messages": [{ name: "look", input_schema: parameters }],
  gemini: [{ functionDeclarations: [{ name: "look", parametersJsonSchema: parameters }] }],
};

describe.each(["ws", "http"] as const)("the upstream cut at every event of an answer over %s", (transport) => {
  test.each(wireFormats)("%s: one end or one error, never both, never none", async (wire) => {
    // On a socket used again a cut at the start is made good; here each cut shall be seen.
    const sessions = { reuse: false, dialSpacingMs: 0 };
    const { url, sandbox } = await startTestRouter({ codex: { transport, sessions } });
    const whole = frameCount(answer, transport);
    for (const stream of [true, false]) {
      for (let events = 0; events < whole; events += 1) {
        sandbox.script({ transport, answer, fault: { type: "cut", after: events } });
        const received = await post(url, wire, { ...bodyOf(wire, stream), tools: tools[wire] });
        const where = `cut after ${events} of ${whole} events, streamed: ${stream}`;
        expect(verdict(wire, received), where).toMatchObject({ kind: "failed" });
      }
      sandbox.script({ transport, answer });
      const received = await post(url, wire, { ...bodyOf(wire, stream), tools: tools[wire] });
      expect(verdict(wire, received)).toEqual({ kind: "answered", text: "Some text before the calls." });
    }
  });
});
