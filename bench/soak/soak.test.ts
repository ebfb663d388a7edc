import { onTestFinished, expect, test } from "vitest";
import { stopChildren } from "../library/child.ts";
import { soakSettings } from "./bench-soak.ts";
import { runSoak } from "./run-soak.ts";

// The whole program with all its processes, as `pnpm bench soak` runs it, for some seconds.
test("a short soak loses, doubles and mixes up nothing, and leaves nothing behind", async () => {
  onTestFinished(stopChildren);
  const settings = { ...soakSettings(0.07, 7), concurrency: 8 };
  const { report, upstream, openSockets, openStreams, ending, internalErrors } = await runSoak(settings, () => {});
  expect(report.counts).toMatchObject({ lost: 0, doubled: 0, wrong: 0 });
  expect(report.counts.right).toBeGreaterThan(0);
  expect(upstream.historyFaults).toEqual([]);
  expect(upstream.mostSockets).toBeLessThanOrEqual(settings.accounts * settings.maxSocketsPerAccount);
  expect({ openSockets, openStreams, internalErrors }).toEqual({ openSockets: 0, openStreams: 0, internalErrors: [] });
  expect(ending).toEqual({ code: 0, signal: null, forced: false });
});
