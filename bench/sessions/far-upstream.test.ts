import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { startChild, stopChildren } from "../library/child.ts";
import { upstreamTime } from "../library/passage.ts";
import { directTarget } from "../ways.ts";
import { turnResultSchema, type AgentOptions } from "./agent-protocol.ts";
import { modelAnswer, turns } from "./agent-script.ts";
import { startFarUpstream } from "./far-upstream.ts";

test("the agent has a conversation of 400 KB over one far connection, and everything on the way is counted", async () => {
  onTestFinished(stopChildren);
  const far = await startFarUpstream();
  const roundTripMs = 20;
  await far.setRoundTrip(roundTripMs);
  const agent = startChild({ name: "agent", program: "bench/processes/agent.ts", environment: far.environment });
  const { origin, path, headers } = directTarget(far.upstream, "long");
  const options: AgentOptions = {
    language: "responses",
    origin,
    path,
    headers,
    model: "gpt-5.4",
    equipmentBytes: 7_000,
  };
  const scenarios = Array.from({ length: turns }, (_, turn) => ({ answer: modelAnswer(turn) }));
  await far.sandbox.child.ask(z.null(), "script", { scenarios });
  await agent.ask(z.null(), "begin", options);
  const first = await agent.ask(turnResultSchema, "turn");
  expect(upstreamTime(await far.passages()).wholeMs).toBeGreaterThan(0);
  const second = await agent.ask(turnResultSchema, "turn");
  // How early it may be at most: TCP, TLS and the request; then the request alone.
  expect(first.turnMs).toBeGreaterThanOrEqual(3 * roundTripMs - 1);
  expect(second.turnMs).toBeGreaterThanOrEqual(roundTripMs);
  expect(second.historyBytes).toBeGreaterThan(first.historyBytes + 12_000);
  let sent = first.requestBytes + second.requestBytes;
  let historyBytes = 0;
  for (let turn = 2; turn < turns; turn += 1) {
    const result = await agent.ask(turnResultSchema, "turn");
    sent += result.requestBytes;
    historyBytes = result.historyBytes;
  }
  expect(Math.round(historyBytes / 10_000)).toBe(40);
  const { sentBytes, connections } = await far.counted();
  expect(connections).toBe(1);
  // Beside the bodies: headers, frames of TLS, its handshake.
  expect(sentBytes).toBeGreaterThan(sent);
  expect(sentBytes).toBeLessThan(sent * 1.02);
});
