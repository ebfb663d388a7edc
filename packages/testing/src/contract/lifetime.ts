import { getEventListeners } from "node:events";

import { RouterError, type WireEvent } from "@turnout/core";
import { answer, faults, say } from "@turnout/sandbox";
import { expect } from "vitest";

import { collectEvents } from "../collect.ts";
import { until } from "../until.ts";
import { type ContractBench, text } from "./bench.ts";

/** How an answer ends early, and what is left then: nothing. */
export function lifetimeChecks(bench: ContractBench): void {
  const { check } = bench;

  check("an answer that does not begin is upstream-timeout, and its socket is closed", async () => {
    bench.sandbox.script({ fault: faults.stall(0), answer: text });
    const outcome = bench.run();
    await until(() => bench.sandbox.openStreams === 1, "the request has not arrived");
    await bench.runtime.advance(90_000);
    expect((await outcome).error?.code).toBe("upstream-timeout");
    await bench.freed();
  });

  check("a hanging upstream is upstream-timeout", async () => {
    bench.sandbox.script({ fault: faults.hang() });
    const outcome = bench.run();
    await until(() => bench.sandbox.requests.length > 0, "the request has not arrived");
    await bench.runtime.advance(90_000);
    expect((await outcome).error?.code).toBe("upstream-timeout");
  });

  check("silence after the first event is upstream-timeout, and its socket is closed", async () => {
    bench.script(text, faults.stall(4));
    const iterator = await bench.begin();
    const failure = failureOf(iterator);
    await bench.runtime.settle();
    await bench.runtime.advance(300_000);
    expect((await failure).code).toBe("upstream-timeout");
    await bench.freed();
  });

  check("an abort during the stream frees the upstream", async () => {
    bench.script(text, faults.stall(4));
    const iterator = await bench.begin();
    const failure = failureOf(iterator);
    bench.controller.abort();
    expect((await failure).code).toBe("client-closed");
    await bench.freed();
  });

  check("an abort before the first event frees the upstream and tells the signal's reason", async () => {
    bench.sandbox.script({ fault: faults.stall(0), answer: text });
    const outcome = bench.run();
    await until(() => bench.sandbox.openStreams === 1, "the request has not arrived");
    bench.controller.abort(new RouterError("shutting-down", "Stopping", {}));
    expect((await outcome).error?.code).toBe("shutting-down");
    await bench.freed();
  });

  check("a signal that is aborted already sends nothing", async () => {
    bench.controller.abort();
    expect((await bench.run()).error?.code).toBe("client-closed");
    expect(bench.sandbox.requests).toHaveLength(0);
  });

  check("leaving the iteration early frees the upstream", async () => {
    bench.script(text, faults.stall(4));
    const iterator = await bench.begin();
    await iterator.return?.();
    await bench.freed();
  });

  check("a reader that does not read holds the upstream back, and is not timed out", async () => {
    const megabyte = say.text("x".repeat(1_000_000), { deltaLength: 20_000 });
    bench.script({ ...answer(...Array.from({ length: 10 }, () => megabyte)), emptyTerminalOutput: true });
    const response = await bench.execute();
    for (let turn = 0; turn < 300; turn += 1) await bench.runtime.settle();
    await bench.runtime.advance(1_000_000);
    expect(bench.sandbox.openStreams).toBe(1);
    const { events: read, error } = await collectEvents(response);
    expect(error).toBeUndefined();
    expect(bench.language.textOf(read)).toHaveLength(10_000_000);
  });

  check("no listener is left over, and after close() no timer or socket", async () => {
    for (const fault of [undefined, faults.cut({ after: 2 }), faults.malformed(), faults.rateLimit()]) {
      bench.script(text, fault);
      await bench.run();
    }
    expect(getEventListeners(bench.controller.signal, "abort")).toHaveLength(0);
    await bench.executor.close?.();
    await until(() => bench.runtime.pendingTimers === 0, "a timer is left over");
    await bench.freed();
  });
}

/** Reads on to the failure that must come. */
async function failureOf(iterator: AsyncIterator<readonly WireEvent[]>): Promise<RouterError> {
  try {
    for (let step = await iterator.next(); step.done !== true; step = await iterator.next());
  } catch (error) {
    return RouterError.from(error);
  }
  throw new Error("It did not fail");
}
