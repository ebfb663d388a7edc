import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bodyOf, post } from "./support/ask.ts";
import { type Program, runProgram } from "./support/run-program.ts";
import { verdict } from "./support/verdict.ts";

const main = "apps/router/src/main.ts";
const readme = readFileSync(resolve(import.meta.dirname, "../../../README.md"), "utf8");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "turnout-cli-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function turnout(...rawArguments: string[]): Program {
  return runProgram(main, rawArguments, { cwd: folder });
}

async function listening(program: Program): Promise<string> {
  const [, url] = await program.until(/turnout listens on (\S+)/);
  return url ?? "";
}

describe("turnout serve", () => {
  test("without a config answers from the sandbox, says so, and stops cleanly", async () => {
    const program = turnout("serve", "--port", "0");
    const url = await listening(program);
    expect(program.output()).toContain("answers are simulated, no model takes part");
    expect(program.output()).toContain("turnout login codex");
    const received = await post(url, "openai-chat", bodyOf("openai-chat", true, "sandbox/gpt-5.4"));
    const seen = verdict("openai-chat", received);
    expect(seen).toMatchObject({ kind: "answered" });
    expect(JSON.stringify(seen)).toMatch(/simulated.*turnout login codex/s);
    expect(received.headers["x-turnout-simulated"]).toBe("true");
    program.process.kill("SIGTERM");
    expect(await program.ended).toBe(0);
    expect(program.errors()).toContain("request completed");
  });

  test("stops also when nobody reads its log any more", async () => {
    const program = turnout("serve", "--port", "0");
    await listening(program);
    program.process.stderr?.destroy();
    program.process.kill("SIGTERM");
    expect(await program.ended).toBe(0);
  });

  test("is what turnout alone does, with the config in the working folder", async () => {
    writeFileSync(join(folder, "turnout.yaml"), "server: { port: 0 }\naliases: { fast: sandbox/gpt-5.4-mini }\n");
    const program = turnout();
    const url = await listening(program);
    const models = await fetch(`${url}/v1/models/fast`);
    expect(await models.json()).toMatchObject({ id: "fast", alias_of: "sandbox/gpt-5.4-mini" });
    program.process.kill("SIGINT");
    expect(await program.ended).toBe(0);
  });

  test("names line and key of a wrong config and exits with 2", async () => {
    writeFileSync(join(folder, "turnout.yaml"), "server:\n  prot: 1\n");
    const program = turnout("serve");
    expect(await program.ended).toBe(2);
    expect(program.errors()).toContain("line 2: unknown key `server.prot`; did you mean `port`?");
    expect(program.errors()).not.toContain("    at ");
  });

  test("exits with 2 for a config that is not there, an alias to nowhere, a port that is taken", async () => {
    const missing = turnout("serve", "--config", "none.yaml");
    expect(await missing.ended).toBe(2);
    expect(missing.errors()).toContain("no such file");

    writeFileSync(join(folder, "turnout.yaml"), "server: { port: 0 }\naliases: { fast: codex/nothing }\n");
    const alias = turnout("serve");
    expect(await alias.ended).toBe(2);
    expect(alias.errors()).toContain('Cannot use alias "fast"');

    const taken = createServer();
    await new Promise<void>((ready) => taken.listen(0, "127.0.0.1", ready));
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const second = runProgram(main, ["serve", "--config", "", "--port", String(port)], { cwd: tmpdir() });
    expect(await second.ended).toBe(2);
    expect(second.errors()).toContain("EADDRINUSE");
    await new Promise((closed) => taken.close(closed));
  });
});

describe("turnout", () => {
  test("--version and --help", async () => {
    const version = turnout("--version");
    expect(await version.ended).toBe(0);
    expect(version.output()).toMatch(/^\d+\.\d+\.\d+/);
    const help = turnout("--help");
    expect(await help.ended).toBe(0);
    expect(help.output()).toContain("serve");
    const serveHelp = turnout("serve", "--help");
    expect(await serveHelp.ended).toBe(0);
    expect(serveHelp.output()).toContain("--config");
  });

  test.each([
    [["--prot", "9"], "did you mean --port?"],
    [["--port="], "not a number"],
    [["serve", "extra"], 'Cannot use "extra"'],
    [["sandbox", "--port", "99999"], "not a number"],
    [["sandbox", "--script", "none.yaml"], "no such file"],
  ])("%j exits with 2 and one line that says why", async (rawArguments, reason) => {
    const program = turnout(...rawArguments);
    expect(await program.ended).toBe(2);
    expect(program.errors()).toContain(reason);
    expect(program.errors().trim().split("\n")).toHaveLength(1);
  });

  test("sandbox on a port that is taken exits with 2", async () => {
    const taken = createServer();
    await new Promise<void>((ready) => taken.listen(0, "127.0.0.1", ready));
    const address = taken.address();
    const program = turnout("sandbox", "--port", String(typeof address === "object" ? address?.port : 0));
    expect(await program.ended).toBe(2);
    expect(program.errors()).toContain("EADDRINUSE");
    await new Promise((closed) => taken.close(closed));
  });

  test("an unknown command exits with 2 and points at the help", async () => {
    const program = turnout("serv");
    expect(await program.ended).toBe(2);
    expect(program.errors()).toContain("turnout --help");
  });
});

test("turnout sandbox runs the simulator alone and prints what a client needs", async () => {
  const program = turnout("sandbox", "--port", "0");
  const [, baseUrl] = await program.until(/base URL\s+(\S+)/);
  const [, account] = await program.until(/account\s+(\S+)/);
  const [, token] = await program.until(/token\s+(\S+)/);
  const answer = await fetch(`${baseUrl}/models?client_version=0.161.0`, {
    headers: { authorization: `Bearer ${token}`, "chatgpt-account-id": account ?? "" },
  });
  expect(answer.status).toBe(200);
  program.process.kill("SIGTERM");
  expect(await program.ended).toBe(0);
});

describe("the README", () => {
  test("shows a request that works as it stands", async () => {
    const body = /curl -N localhost:8787\/v1\/chat\/completions -d '([^']+)'/.exec(readme)?.[1];
    const program = turnout("--port", "0");
    const url = await listening(program);
    const received = await post(url, "openai-chat", body ?? "");
    expect(verdict("openai-chat", received).kind).toBe("answered");
    const example = runProgram("examples/first-request.ts", [], { environment: { TURNOUT_URL: url } });
    expect(await example.ended).toBe(0);
    expect(example.output()).toContain("simulated");
    program.process.kill("SIGTERM");
    await program.ended;
  });

  test("shows configs that are accepted", async () => {
    const configs = [...readme.matchAll(/```yaml\n(providers:[\s\S]+?)```/g)].map((match) => match[1] ?? "");
    expect(configs).toHaveLength(2);
    for (const config of configs) {
      writeFileSync(join(folder, "turnout.yaml"), config);
      const program = turnout("--port", "0");
      await listening(program);
      expect(program.output()).toMatch(/(codex|anthropic)\s+1 account/);
      program.process.kill("SIGTERM");
      expect(await program.ended).toBe(0);
    }
  });
});
