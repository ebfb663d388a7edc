import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { chromiumPath, openChromium } from "./support/browser.ts";
import { createCommandWorld } from "./support/command-world.ts";

// Each test starts several programs, and each takes seconds on a machine that is busy.
vi.setConfig({ testTimeout: 120_000 });

const hostilePage = readFileSync(join(import.meta.dirname, "support/hostile-page.html"));

/** Asks for the list of models until the status is the wanted one; the test's time limit ends it. */
async function untilStatus(url: string, key: string | undefined, wanted: number): Promise<void> {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  for (;;) {
    const { status } = await fetch(`${url}/v1/models`, { headers });
    if (status === wanted) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("turnout keys", () => {
  test("a running router takes a new key within seconds, and refuses a revoked one", async () => {
    const world = await createCommandWorld();
    const router = world.turnout("serve");
    const [, url = ""] = await router.until(/turnout listens on (\S+)/);
    await untilStatus(url, undefined, 200);
    const [first, second] = await Promise.all([
      world.ran(["keys", "create", "--label", "laptop"]),
      world.ran(["keys", "create", "--json"]),
    ]);
    const key = first.output.trim();
    const other: unknown = JSON.parse(second.output);
    expect(key).toMatch(/^tk_[\w-]{43}$/);
    expect(other).toMatchObject({ label: expect.stringMatching(/^key \d$/), key: expect.stringMatching(/^tk_/) });
    world.allow(key);
    world.allow((other as { key: string }).key);
    await untilStatus(url, undefined, 401);
    await untilStatus(url, key, 200);
    const taken = await world.ran(["keys", "create", "--label", "LAPTOP"]);
    expect([taken.code, taken.errors]).toEqual([2, expect.stringContaining("there is one with that label")]);
    expect((await world.ran(["keys", "revoke", "laptop"])).code).toBe(0);
    await untilStatus(url, key, 401);
    const list = await world.ran(["keys", "list"]);
    expect(list.output).toMatch(/laptop +tk_[\w-]{6}… .* revoked\n/);
    expect((await world.ran(["keys", "revoke", key])).errors).not.toContain(key);
    router.process.kill("SIGTERM");
    expect(await router.ended).toBe(0);
  });

  test("are needed before the router listens beyond loopback", async () => {
    const world = await createCommandWorld({ config: { server: { host: "0.0.0.0", port: 0 } } });
    const refused = await world.ran(["serve"]);
    expect([refused.code, refused.errors]).toEqual([2, expect.stringContaining("make one with `turnout keys create`")]);
    const { output } = await world.ran(["keys", "create"]);
    world.allow(output.trim());
    const router = world.turnout("serve");
    const [, port = ""] = await router.until(/turnout listens on http:\/\/0\.0\.0\.0:(\d+)/);
    await untilStatus(`http://127.0.0.1:${port}`, undefined, 401);
    await untilStatus(`http://127.0.0.1:${port}`, output.trim(), 200);
    expect(router.output()).toContain("keys     1 known");
  });
});

test.skipIf(chromiumPath === undefined)("no page in a real browser gets at the router (needs chromium)", async () => {
  const world = await createCommandWorld();
  const router = world.turnout("serve");
  const [, url = ""] = await router.until(/turnout listens on (\S+)/);
  const page = createServer((_request, response) => response.setHeader("content-type", "text/html").end(hostilePage));
  await new Promise<void>((ready) => page.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    page.closeAllConnections();
    page.close();
  });
  const address = page.address();
  const origin = `http://localhost:${typeof address === "object" ? address?.port : 0}`;
  const browser = await openChromium();
  const visitor = await browser.newPage();
  const target = url.replace("127.0.0.1", "localhost");
  await visitor.goto(`${origin}/?target=${encodeURIComponent(target)}`);
  const seen: unknown = await visitor.evaluate("attacked");
  expect(seen).toEqual({ read: "blocked", simple: "opaque", preflight: "blocked", script: "failed", image: "failed" });
  // What the page could not see: everything was refused, nothing reached a model.
  expect(world.sandbox.requests).toEqual([]);
  router.process.kill("SIGTERM");
  await router.ended;
  const refusals = router.errors().match(/"status":403/g) ?? [];
  expect(refusals.length).toBeGreaterThanOrEqual(5);
  expect(router.errors()).toContain("Refused a request from a web page of another origin");
});
