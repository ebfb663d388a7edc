import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { chromiumPath, openChromium } from "./support/browser.ts";
import { createCommandWorld, takePort } from "./support/command-world.ts";
import { findSecrets } from "./support/find-secrets.ts";
import { type Program } from "./support/run-program.ts";

// Each test starts several programs, and each takes seconds on a machine that is busy.
vi.setConfig({ testTimeout: 120_000 });

/** Waits for the address a login prints. */
async function loginAddress(program: Program): Promise<string> {
  const [url = ""] = await program.untilError(/http:\/\/127\.0\.0\.1:\d+\/oauth\/authorize\S+/);
  return url;
}

/** What a user does at the issuer, without a browser. */
async function agree(url: string, account = "new", decision = "allow"): Promise<string> {
  const page = await (await fetch(url)).text();
  const request = /name="request" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const body = new URLSearchParams({ request, account, decision });
  const answer = await fetch(new URL("/oauth/authorize/consent", url), { method: "POST", body, redirect: "manual" });
  return answer.headers.get("location") ?? "";
}

describe("turnout login codex", () => {
  test.skipIf(chromiumPath === undefined)("works in a real browser (needs chromium)", async () => {
    const world = await createCommandWorld();
    world.sandbox.createAccount({ accountId: "acct-1", planType: "pro", email: "me@sandbox.invalid" });
    const program = world.turnout("login", "codex", "--no-browser", "--label", "work");
    const [browser, url] = await Promise.all([openChromium(), loginAddress(program)]);
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      // Every browser asks for the icon, and the simulated issuer has none.
      if (!message.location().url.endsWith("/favicon.ico")) complaints.push(message.text());
    });
    await page.goto(url);
    await page.getByLabel("me@sandbox.invalid (pro)").check();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("heading", { name: "Logged in" }).waitFor();
    // The style sheet is let in by its hash, and nothing else is asked for.
    expect(await page.evaluate("getComputedStyle(document.body).maxWidth")).toBe("512px");
    expect(complaints).toEqual([]);
    expect(await program.ended).toBe(0);
    expect(program.output()).toContain('Logged in to codex: account "work", plan pro');
    const { output } = await world.ran(["accounts", "--json"]);
    expect(JSON.parse(output)).toEqual([
      expect.objectContaining({ label: "work", email: "me@sandbox.invalid", state: "ready", plan: "pro" }),
    ]);
  });

  test.skipIf(chromiumPath === undefined)("shows a denial in a real browser (needs chromium)", async () => {
    const world = await createCommandWorld();
    const program = world.turnout("login", "codex", "--no-browser");
    const [browser, url] = await Promise.all([openChromium(), loginAddress(program)]);
    const page = await browser.newPage();
    await page.goto(url);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("heading", { name: "Not logged in" }).waitFor();
    expect(await program.ended).toBe(1);
    expect(program.errors()).toContain("Cannot log in to codex: the request was denied in the browser");
    expect(program.errors()).not.toContain("    at ");
  });

  test("says that its port is taken, and takes the pasted address; a second login renews the account", async () => {
    const port = await takePort();
    const world = await createCommandWorld({ codex: { callbackPort: port } });
    world.sandbox.createAccount({ accountId: "acct-1" });
    const first = world.turnout("login", "codex", "--no-browser");
    const back = await agree(await loginAddress(first), "acct-1");
    expect(first.errors()).toContain(`Cannot listen on port ${port}: another program uses it`);
    first.process.stdin?.write("nonsense\n");
    await first.untilError(/Cannot use what was pasted/);
    first.process.stdin?.write(`${back}\n`);
    expect(await first.ended).toBe(0);
    const second = world.turnout("login", "codex", "--no-browser", "--json");
    const [line = ""] = await second.until(/\{"event":"open-browser".*\}/);
    const { url, problem } = JSON.parse(line);
    expect(problem).toContain("another program uses it");
    second.process.stdin?.end(`${await agree(url, "acct-1")}\n`);
    expect(await second.ended).toBe(0);
    expect(second.output()).toContain('"event":"logged-in","renewed":true');
  });

  test("--device shows a code and waits for it; Ctrl-C ends it cleanly", async () => {
    const world = await createCommandWorld();
    world.sandbox.createAccount({ accountId: "acct-1" });
    const stopped = world.turnout("login", "codex", "--device");
    const program = world.turnout("login", "codex", "--device", "--json");
    const [line = ""] = await program.until(/\{"event":"type-code".*\}/);
    const { verificationUrl, userCode } = JSON.parse(line);
    const body = new URLSearchParams({ user_code: userCode, account: "acct-1", decision: "allow" });
    await fetch(verificationUrl, { method: "POST", body });
    await stopped.untilError(/type this code:\s+[A-Z0-9]{4}-[A-Z0-9]{5}/);
    stopped.process.kill("SIGINT");
    expect(await stopped.ended).toBe(130);
    expect(stopped.errors()).toMatch(/Stopped\n$/);
    // Not a terminal: no line that is written over.
    expect(stopped.errors()).not.toContain("\u001B");
    expect(await program.ended).toBe(0);
    const ended: unknown = JSON.parse(program.output().trim().split("\n").at(-1) ?? "");
    expect(ended).toMatchObject({ event: "logged-in", account: { label: "acct-1@sandbox.invalid" } });
  });
});

test("accounts of all kinds: keys from standard input and by reference, an imported login, changes, and the way out", async () => {
  const world = await createCommandWorld({ config: { sandbox: false } });
  const typed = "sk-typed-0123456789";
  const codex = world.sandbox.createAccount({ accountId: "acct-1", email: "me@sandbox.invalid" });
  mkdirSync(join(world.home, ".codex"));
  writeFileSync(join(world.home, ".codex", "auth.json"), JSON.stringify(codex.authJson()));
  const made = await Promise.all([
    world.ran(["login", "openai", "--stdin", "--label", "piped"], `${typed}\n`),
    world.ran(["login", "openai", "--api-key", "env:MY_KEY"]),
    world.ran(["import", "codex", "--adopt"]),
    world.ran(["login", "openai", "--api-key", "not-this-way"]),
    world.ran(["login", "openai", "--api-key", "-"], "two words"),
  ]);
  expect(made.map(({ code }) => code)).toEqual([0, 0, 0, 2, 2]);
  expect(made[1]?.errors).toContain("$MY_KEY is not set here");
  expect(made[2]?.errors).toContain("Warning: a refresh token works once, and two programs have this one now");
  expect(made[3]?.errors).toContain("an argument can be seen by everybody on this machine");
  expect(made[3]?.errors).not.toContain("not-this-way");
  const table = await world.ran(["accounts"]);
  expect(table.output).toMatch(/^PROVIDER +LABEL +PLAN +STATE +QUOTA LEFT +RESETS IN +EXPIRES\n/);
  expect(table.output).toMatch(/\ncodex +me@sandbox\.invalid +plus +ready +- +- +in \d+d.*, renewed\n/);
  expect(table.output).toMatch(/\nopenai +(piped|MY_KEY) +- +ready +- +- +never\n/);
  expect(table.output).not.toContain("\u001B");
  const changed = await Promise.all([
    world.ran(["accounts", "rename", "piped", "renamed"]),
    world.ran(["accounts", "disable", "MY_KEY", "--reason", "later", "--json"]),
    world.ran(["accounts", "use", "me@sandbox.invalid", "--json"]),
    world.ran(["accounts", "enable", "nobody"]),
  ]);
  expect(changed.map(({ code }) => code)).toEqual([0, 0, 0, 2]);
  expect(JSON.parse(changed[1]?.output ?? "")).toMatchObject({ label: "MY_KEY", disabled: "later" });
  const out = await world.ran(["logout", "codex", "--json"]);
  expect(JSON.parse(out.output)).toEqual([expect.objectContaining({ provider: "codex", revoked: false })]);
  const listed = JSON.parse((await world.ran(["accounts", "--json"])).output);
  expect(listed.map((account: { label: string; state: string }) => [account.label, account.state]).toSorted()).toEqual([
    ["MY_KEY", "disabled"],
    ["renamed", "ready"],
  ]);
});

/** Asks a model until the answer has the wanted status; the test's time limit ends it. */
async function untilAnswered(url: string, wanted: number): Promise<string> {
  const body = JSON.stringify({ model: "codex/gpt-5.4", messages: [{ role: "user", content: "Hello" }] });
  const headers = { "content-type": "application/json" };
  for (;;) {
    const answer = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
    const text = await answer.text();
    if (answer.status === wanted) return text;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("a running router uses a login as soon as it is made, until turnout logout ends it at the issuer", async () => {
  const world = await createCommandWorld();
  world.sandbox.createAccount({ accountId: "acct-1" });
  const router = world.turnout("serve");
  const login = world.turnout("login", "codex", "--no-browser");
  const [, url = ""] = await router.until(/turnout listens on (\S+)/);
  const without = JSON.parse(await untilAnswered(url, 503));
  expect(without.error.message).toContain("turnout login codex");
  await fetch(await agree(await loginAddress(login), "acct-1"));
  expect(await login.ended).toBe(0);
  expect(JSON.parse(await untilAnswered(url, 200))).toHaveProperty("choices");
  const { code, output } = await world.ran(["logout", "codex"]);
  expect([code, output]).toEqual([0, 'Logged out of codex: account "acct-1@sandbox.invalid" is forgotten\n']);
  expect(world.sandbox.requests.at(-1)).toMatchObject({ path: "/oauth/revoke", status: 200 });
  await untilAnswered(url, 503);
  expect((await world.ran(["logout", "codex"])).code).toBe(2);
  router.process.kill("SIGTERM");
  expect(await router.ended).toBe(0);
  expect(router.errors()).toContain('"msg":"request completed"');
});

test("findSecrets() would find one", async () => {
  const world = await createCommandWorld();
  const { accessToken, refreshToken } = world.sandbox.createAccount();
  const text = `log ${accessToken} and ${refreshToken} and tk_${"x".repeat(43)} and ac_${"0".repeat(20)} and sk-12345678`;
  expect(findSecrets("a log", text).map(({ what }) => what)).toEqual([
    "access or id token",
    "refresh token",
    "authorization code",
    "API key",
    "client key",
  ]);
});
