import { expect, test, vi } from "vitest";
import { createCommandWorld } from "./support/command-world.ts";
import { terminalPath } from "./support/run-program.ts";

// Each test starts several programs, and each takes seconds on a machine that is busy.
vi.setConfig({ testTimeout: 120_000 });

const withoutTerminal = terminalPath === undefined;

test.skipIf(withoutTerminal)("an API key is typed unseen, and the table has colours (needs a terminal)", async () => {
  const world = await createCommandWorld();
  const key = "sk-typed-0123456789";
  const login = world.typed("login", "openai", "--label", "work");
  await login.until(/API key \(not shown\)/);
  login.process.stdin?.write(`${key}\r`);
  expect(await login.ended).toBe(0);
  expect(login.output()).toContain("Stored an API key for openai");
  expect(login.output()).not.toContain(key);
  const table = world.typed("accounts");
  expect(await table.ended).toBe(0);
  expect(table.output()).toContain("\u001B[32mready\u001B[39m");
});

test.skipIf(withoutTerminal)(
  "a browser login takes what is pasted, and Ctrl-C ends it (needs a terminal)",
  async () => {
    const world = await createCommandWorld();
    const login = world.typed("login", "codex", "--no-browser");
    await login.until(/Waiting for the browser/);
    login.process.stdin?.write("hello\r");
    await login.until(/Cannot use what was pasted/);
    login.process.stdin?.write("\u0003");
    expect(await login.ended).toBe(130);
    expect(login.output()).toContain("Stopped");
  },
);

test.skipIf(withoutTerminal)("a login with a code counts down on one line (needs a terminal)", async () => {
  const world = await createCommandWorld();
  const login = world.typed("login", "codex", "--device");
  const [, userCode = ""] = await login.until(/type this code:\s+([A-Z0-9]{4}-[A-Z0-9]{5})/);
  await login.until(/Waiting for the code, 1[45]:\d\d left/);
  expect(login.output()).toContain("\r\u001B[2KWaiting for the code");
  const body = new URLSearchParams({ user_code: userCode, account: "new", decision: "allow" });
  await fetch(`${world.sandbox.issuer}/codex/device`, { method: "POST", body });
  expect(await login.ended).toBe(0);
  expect(login.output()).toContain("\r\u001B[2K\u001B[32mLogged in to codex");
});
