import { createKeyRing } from "@turnout/auth";
import { RouterError, systemRuntime } from "@turnout/core";
import { describe, expect, test } from "vitest";
import { createGuard, requireKeysBeyondLoopback } from "./guard.ts";

const none = createKeyRing({ keys: [], runtime: systemRuntime });
const two = createKeyRing({ keys: ["key-one-1", "key-two-2"], runtime: systemRuntime });
const open = createGuard({ host: "127.0.0.1", allowedHosts: ["box.lan"], keys: none });
const locked = createGuard({ host: "127.0.0.1", allowedHosts: [], keys: two });

function verdict(check: () => void): string {
  try {
    check();
    return "passed";
  } catch (error) {
    return RouterError.from(error).code;
  }
}

describe("createGuard()", () => {
  test.each(["127.0.0.1:8787", "localhost", "[::1]:8787", "box.lan:1"])("lets host %s in", (host) => {
    expect(verdict(() => open.check({ host }, "/"))).toBe("passed");
  });

  test.each(["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8787", ""])(
    "refuses host %j",
    (host) => {
      expect(verdict(() => open.check({ host }, "/"))).toBe("forbidden");
    },
  );

  test("refuses a page of another origin and lets its own in", () => {
    const host = "localhost:8787";
    expect(verdict(() => open.check({ host, origin: "https://evil.example" }, "/"))).toBe("forbidden");
    expect(verdict(() => open.check({ host, origin: "null" }, "/"))).toBe("forbidden");
    expect(verdict(() => open.check({ host, origin: "http://localhost:8787" }, "/"))).toBe("passed");
  });

  test.each([
    ["cross-site", "forbidden"],
    ["same-site", "forbidden"],
    ["same-origin", "passed"],
    ["none", "passed"],
  ])("judges a request of a browser that says Sec-Fetch-Site: %s", (site, expected) => {
    expect(verdict(() => open.check({ host: "localhost:1", "sec-fetch-site": site }, "/"))).toBe(expected);
  });

  test("asks everybody for a key beyond loopback, also when none is left", () => {
    const wide = createGuard({ host: "0.0.0.0", allowedHosts: [], keys: none });
    expect(verdict(() => wide.check({ host: "box.lan" }, "/"))).toBe("unauthenticated");
    expect(verdict(() => wide.check({ host: "box.lan", authorization: "Bearer any" }, "/"))).toBe("unauthenticated");
  });

  test.each([
    [{ authorization: "Bearer key-two-2" }, "/"],
    [{ "x-api-key": "key-one-1" }, "/"],
    [{ "x-goog-api-key": "key-one-1", authorization: "Bearer other" }, "/"],
    [{}, "/v1?key=key-one-1"],
  ])("takes a key from %j at %s", (headers, url) => {
    expect(verdict(() => locked.check({ host: "localhost", ...headers }, url))).toBe("passed");
  });

  test.each([{}, { authorization: "Bearer key-one" }, { authorization: "Basic key-one-1" }, { "x-api-key": "" }])(
    "refuses %j",
    (headers) => {
      expect(verdict(() => locked.check({ host: "localhost", ...headers }, "/"))).toBe("unauthenticated");
    },
  );
});

test("requireKeysBeyondLoopback() says how to make one", () => {
  expect(verdict(() => requireKeysBeyondLoopback("0.0.0.0", two))).toBe("passed");
  expect(verdict(() => requireKeysBeyondLoopback("::1", none))).toBe("passed");
  expect(() => requireKeysBeyondLoopback("0.0.0.0", none)).toThrow(
    /^Cannot listen on "0\.0\.0\.0".*turnout keys create/,
  );
});
