import { type JsonObject, retryAfterMs, RouterError } from "@turnout/core";
import { faults } from "@turnout/sandbox";
import { expect } from "vitest";

import { type ContractBench, text } from "./bench.ts";

/** What a failure is: an error of the right code, never a clean end. */
export function failureChecks(bench: ContractBench): void {
  const { check, language } = bench;

  // With the prelude that sockets have anyway, so that both transports have the same boundaries.
  const cutText = { ...text, prelude: true };
  for (const how of ["reset", "close"] as const) {
    check(`a ${how} at every event boundary is an error, never a clean end`, async () => {
      bench.script(cutText);
      const whole = await bench.run();
      // `[DONE]` is no event of the answer: the sandbox cuts before it at the latest.
      const count = whole.events.filter((event) => event.data !== "[DONE]").length;
      expect(count).toBeGreaterThan(2);
      for (let after = 0; after < count; after += 1) {
        bench.script(cutText, faults.cut({ after, how }));
        const outcome = await bench.run();
        expect(outcome.error?.code, `after ${after} events`).toBe("upstream-unavailable");
        expect(outcome.error?.details).toMatchObject({ requestSent: true });
        expect(outcome.events.some((event) => language.isEnd(event))).toBe(false);
      }
    });
  }

  check("an end without terminal event is an error", async () => {
    bench.script(text, faults.noTerminal());
    expect((await bench.run()).error?.code).toBe("upstream-unavailable");
  });

  for (const what of ["broken-json", "non-object"] as const) {
    check(`a malformed event (${what}) is an error`, async () => {
      bench.script(text, faults.malformed(what));
      expect((await bench.run()).error?.code).toBe("upstream-malformed");
    });
  }

  check("a refused request is mapped by its status, and told when to come back", async () => {
    const refusals = { 401: "credential-rejected", 429: "rate-limited" };
    for (const [status, code] of Object.entries(refusals)) {
      bench.sandbox.script({ fault: bench.refuse(Number(status), { "retry-after": "3" }) });
      expect((await bench.run()).error?.code, status).toBe(code);
    }
    bench.sandbox.script({ fault: bench.refuse(429, { "retry-after-ms": "1500" }) });
    const { error } = await bench.run();
    expect(error === undefined ? undefined : retryAfterMs(RouterError.from(error))).toBe(1_500);
    for (const status of [400, 403, 404, 418, 500, 502, 503]) {
      bench.sandbox.script({ fault: bench.refuse(status) });
      const refused = (await bench.run()).error;
      expect(refused, String(status)).toBeDefined();
      expect(refused?.code, String(status)).not.toBe("internal");
    }
  });

  check("a token the upstream does not know is credential-rejected", async () => {
    bench.credential = { ...bench.credential, secret: "nonsense" };
    const { error } = await bench.run();
    expect(error?.code).toBe("credential-rejected");
    expect(error?.message).not.toContain("nonsense");
  });

  check("an expired token is credential-rejected", async () => {
    bench.sandbox.expireTokens(bench.credential.accountKey);
    expect((await bench.run()).error?.code).toBe("credential-rejected");
  });

  check("an unknown model is not-found", async () => {
    expect((await bench.run({ ...bench.question, ...nameOf(bench, "gpt-0") }, "gpt-0")).error?.code).toBe("not-found");
  });

  check("a page of an edge says nothing about the account", async () => {
    bench.script(text, faults.html(403));
    const { error } = await bench.run();
    expect(["upstream-malformed", "upstream-unavailable"]).toContain(error?.code);
  });

  check("nobody listening is upstream-unavailable, and nothing was sent", async () => {
    await bench.sandbox.close();
    const { error } = await bench.run();
    expect(error?.code).toBe("upstream-unavailable");
    expect(error?.details).toMatchObject({ requestSent: false });
  });
}

/** What only Responses has: the reset of a plan. */
export function planChecks(bench: ContractBench): void {
  const { check } = bench;

  check("a used-up plan is usage-limited with its reset", async () => {
    bench.script(text, faults.rateLimit({ resetsInSeconds: 1_800 }));
    const { error } = await bench.run();
    expect(error).toMatchObject({
      code: "usage-limited",
      details: { retryAfterMs: expect.any(Number), resetsAt: expect.any(Number) },
    });
    const waitMs = error === undefined ? 0 : (retryAfterMs(RouterError.from(error)) ?? 0);
    expect(waitMs).toBeGreaterThan(1_700_000);
    expect(waitMs).toBeLessThanOrEqual(1_800_000);
  });
}

/** Where the language has the model in the body. */
function nameOf(bench: ContractBench, model: string): JsonObject {
  return bench.question["model"] === undefined ? {} : { model };
}
