import { expect, test } from "vitest";
import { upstreamTime } from "./passage.ts";

test("upstreamTime() counts the waiting for the upstream, not that for the client, and no goodbye", () => {
  const passages = [
    { toUpstream: true, bytes: 300, at: 0 }, // Upgrade.
    { toUpstream: false, bytes: 200, at: 2 },
    { toUpstream: true, bytes: 60_000, at: 40 }, // The request, in two pieces.
    { toUpstream: true, bytes: 40_000, at: 41 },
    { toUpstream: false, bytes: 500, at: 46 },
    { toUpstream: false, bytes: 500, at: 47 },
    { toUpstream: true, bytes: 6, at: 90 },
    { toUpstream: false, bytes: 6, at: 90.5 },
  ];
  expect(upstreamTime(passages)).toEqual({ firstMs: 7, wholeMs: 8.5 });
});

test("upstreamTime() of nothing is nothing", () => {
  expect(upstreamTime([])).toEqual({ firstMs: 0, wholeMs: 0 });
});
