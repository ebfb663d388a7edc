import { expect, test } from "vitest";

import { createLossCollector } from "./report.ts";

test("createLossCollector() counts the same loss once and keeps at most 100 of each kind", () => {
  const losses = createLossCollector();
  losses.dropped("a", "why");
  losses.dropped("a", "why");
  losses.approximated("a", "why");
  expect(losses.report).toEqual({
    dropped: [{ path: "a", reason: "why" }],
    approximated: [{ path: "a", reason: "why" }],
  });
  for (let index = 0; index < 1000; index += 1) losses.dropped(`a[${index}]`, "why");
  expect(losses.report.dropped).toHaveLength(100);
});
