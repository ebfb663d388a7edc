import { createHash } from "node:crypto";

import { expect, test } from "vitest";

import { sha256Hex } from "./sha256.ts";

test("sha256Hex() agrees with the platform for every length around a block and for non-ASCII text", () => {
  for (let length = 0; length < 200; length += 1) {
    const text = "aé€😀".repeat(length).slice(0, length);
    expect(sha256Hex(text)).toBe(createHash("sha256").update(text).digest("hex"));
  }
});
