import type { AnswerScript } from "@turnout/sandbox";
import { afterEach, describe, expect, test } from "vitest";
import { startTestRouter } from "../support/running-router.ts";
import { aiSdks } from "./ai-sdk.ts";
import { anthropicSdk } from "./anthropic-sdk.ts";
import { type MatrixResult, readMatrix, writeMatrix } from "./matrix-results.ts";
import { googleSdk } from "./google-sdk.ts";
import { openaiSdkChat, openaiSdkResponses } from "./openai-sdk.ts";
import { picture } from "./sdk-client.ts";
import { upstreams } from "./upstreams.ts";

const sdks = [openaiSdkChat, openaiSdkResponses, anthropicSdk, googleSdk, ...aiSdks];

const words = "It rains in Oslo, as it often does.";
const said: AnswerScript = { steps: [{ type: "text", text: words, deltaLength: 5 }] };
const twoCalls: AnswerScript = {
  steps: [
    { type: "reasoning", summary: ["Two cities, two calls"] },
    {
      type: "parallel",
      calls: ["Oslo", "Rome"].map((city) => ({ type: "function-call", name: "weather", arguments: { city } })),
    },
  ],
};

const results = upstreams.flatMap((upstream) =>
  sdks.map((sdk) => ({ client: sdk.wire, sdk: sdk.name, upstream: upstream.wire, passed: 0, scenarios: 0 })),
);

describe.each(upstreams)("an upstream that speaks $wire", (upstream) => {
  describe.each(sdks)("$name", (sdk) => {
    const result = results.find((entry) => entry.sdk === sdk.name && entry.upstream === upstream.wire);
    afterEach(({ task }) => {
      if (result === undefined) return;
      result.scenarios += 1;
      if (task.result?.state !== "fail") result.passed += 1;
    });

    async function start() {
      const { url, sandbox } = await startTestRouter({ providers: upstream.providers });
      return { sandbox, client: sdk.create({ url, model: upstream.model }) };
    }

    test("text, whole and streamed", async () => {
      const { sandbox, client } = await start();
      sandbox.script({ answer: said, times: 2 });
      expect(await client.ask()).toBe(words);
      expect(await client.stream()).toBe(words);
    });

    test("two tool calls at once, with reasoning, and the turn with their results", async () => {
      const { sandbox, client } = await start();
      sandbox.script({ answer: twoCalls });
      const turn = await client.callTools();
      expect(turn.calls).toEqual([
        { name: "weather", input: { city: "Oslo" } },
        { name: "weather", input: { city: "Rome" } },
      ]);
      sandbox.script({ answer: said });
      expect(await turn.answerWith(["rain in Oslo", "sun in Rome"])).toBe(words);
      const sent = JSON.stringify(sandbox.requests.at(-1)?.body);
      expect(sent.indexOf("rain in Oslo")).toBeGreaterThan(0);
      expect(sent.indexOf("sun in Rome")).toBeGreaterThan(sent.indexOf("rain in Oslo"));
    });

    test("structured output", async () => {
      const { sandbox, client } = await start();
      sandbox.script({ answer: { steps: [{ type: "json", value: { city: "Oslo", degrees: 3 } }] } });
      expect(await client.structured()).toEqual({ city: "Oslo", degrees: 3 });
      expect(JSON.stringify(sandbox.requests.at(-1)?.body)).toContain('"degrees"');
    });

    test("an image", async () => {
      const { sandbox, client } = await start();
      sandbox.script({ answer: said });
      expect(await client.showImage()).toBe(words);
      expect(JSON.stringify(sandbox.requests.at(-1)?.body)).toContain(picture.base64);
    });

    test("an error is the SDK's own, with its status", async () => {
      const { sandbox, client } = await start();
      sandbox.script({ fault: { type: "rate-limit", resetsInSeconds: 60 }, times: 9 });
      expect(await client.statusOfFailure()).toBe(429);
    });

    test("leaving a stream frees the upstream", async () => {
      const { sandbox, client } = await start();
      sandbox.script({ answer: { ...said, delayMs: 20 }, fault: { type: "stall", afterEvents: 7 } });
      await client.leave();
      await expect.poll(() => sandbox.openStreams).toBe(0);
    });
  });
});

// The README's table is generated from what really ran: a whole run that differs from the committed results fails, and
// TURNOUT_WRITE_MATRIX=1 writes them.
test("the committed results are those of this run", ({ skip }) => {
  const complete: MatrixResult[] = results.filter((result) => result.scenarios > 0);
  if (complete.length < results.length) skip("only a part of the matrix ran");
  if (process.env["TURNOUT_WRITE_MATRIX"] === "1") writeMatrix(complete);
  expect(complete).toEqual(readMatrix());
});
