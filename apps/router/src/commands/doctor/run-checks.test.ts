import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAccountStore } from "@turnout/auth";
import { systemRuntime } from "@turnout/core";
import { createSandbox } from "@turnout/sandbox";
import { describe, expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { type DoctorOptions, runChecks } from "./run-checks.ts";

function scene(config: object = {}) {
  const folder = mkdtempSync(join(tmpdir(), "turnout-doctor-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o700);
  writeFileSync(join(folder, "turnout.yaml"), stringify({ server: { port: 0 }, ...config }));
  const options: DoctorOptions = {
    surroundings: { workingDirectory: folder, homeDirectory: folder, dataDirectory: folder, environment: {} },
    runtime: systemRuntime,
    config: undefined,
    network: true,
    nodeVersion: "20.19.0",
  };
  return { folder, options };
}

/** A server that answers everything with this, and its address. */
async function serve(
  status: number,
  headers: Record<string, string>,
  body = "{}",
): Promise<{ port: number; url: string }> {
  const server = createServer((_request, response) => response.writeHead(status, headers).end(body));
  server.keepAliveTimeout = 1;
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { port, url: `http://127.0.0.1:${port}` };
}

async function findingsOf(options: DoctorOptions, severity: string) {
  const findings = await runChecks(options);
  return findings.filter((finding) => finding.severity === severity);
}

describe("runChecks()", () => {
  test("finds nothing wrong where all is well, and makes nothing", async () => {
    const sandbox = await createSandbox();
    onTestFinished(() => sandbox.close());
    const { options } = scene({
      providers: { codex: { baseUrl: sandbox.codexBaseUrl, issuer: sandbox.issuer, callbackPort: 0 } },
    });
    const findings = await runChecks(options);
    expect(findings.filter(({ severity }) => severity === "problem")).toEqual([]);
    const said = findings.map(({ check, message }) => `${check}: ${message}`);
    expect(said).toContain(`reach codex: ${sandbox.codexBaseUrl} answers`);
    expect(said).toContain(`reach issuer of codex: ${sandbox.issuer} answers`);
    expect(said).toContain("clock: agrees with the providers");
    expect(said).toContainEqual(expect.stringContaining("turnout.db is not there yet"));
  });

  test("tells a config that is wrong, and goes on", async () => {
    const { options } = scene({ sever: {} });
    const problems = await findingsOf(options, "problem");
    expect(problems).toEqual([
      expect.objectContaining({ check: "config", message: expect.stringContaining("did you mean `server`?") }),
    ]);
  });

  test("tells an upstream that cannot be reached, and one that is down", async () => {
    const down = await serve(503, {});
    const { options } = scene({
      providers: { codex: { baseUrl: "http://127.0.0.1:9", issuer: down.url, callbackPort: 0 } },
    });
    const findings = await runChecks(options);
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: "reach codex",
        severity: "problem",
        message: expect.stringContaining("ECONNREFUSED"),
      }),
    );
    expect(findings).toContainEqual(expect.objectContaining({ check: "reach issuer of codex", severity: "note" }));
    expect(await findingsOf({ ...options, network: false }, "problem")).toEqual([]);
  });

  test.each([
    [-90_000, "note", "ahead of that of the providers"],
    [600_000, "problem", "behind that of the providers"],
  ])("tells a clock that is %i ms off", async (offset, severity, message) => {
    const date = new Date(systemRuntime.now() + offset).toUTCString();
    const upstream = await serve(404, { date });
    const { options } = scene({ providers: { openai: { baseUrl: upstream.url } } });
    expect(await findingsOf(options, severity)).toContainEqual(
      expect.objectContaining({ check: "clock", message: expect.stringContaining(message) }),
    );
  });

  test("tells a port that is taken, unless turnout has it", async () => {
    const other = await serve(200, {}, "hello");
    const own = await serve(200, {}, '{"status":"ok"}');
    const taken = await findingsOf(scene({ server: { port: other.port } }).options, "problem");
    expect(taken).toEqual([
      expect.objectContaining({ check: "port", message: expect.stringContaining("taken by another program") }),
    ]);
    const findings = await runChecks(scene({ server: { port: own.port } }).options);
    expect(findings).toContainEqual(
      expect.objectContaining({ check: "port", message: `turnout runs on 127.0.0.1:${own.port}` }),
    );
  });

  test("tells modes that are too wide, a wrong key, and a database that is none", async () => {
    const { folder, options } = scene();
    (await openAccountStore({ dataDirectory: folder })).close();
    chmodSync(folder, 0o755);
    chmodSync(join(folder, "turnout.key"), 0o644);
    expect(await findingsOf(options, "problem")).toEqual([
      expect.objectContaining({ check: "data folder", message: expect.stringContaining("mode 0755") }),
      expect.objectContaining({ check: "data folder", advice: `chmod 600 ${join(folder, "turnout.key")}` }),
    ]);
    const environment = { TURNOUT_KEY: "another passphrase" };
    const wrongKey = { ...options, surroundings: { ...options.surroundings, environment } };
    expect(await findingsOf(wrongKey, "problem")).toContainEqual(expect.objectContaining({ check: "database" }));
    // What is in the log beside it would be read in its place.
    for (const name of ["turnout.db-wal", "turnout.db-shm"]) rmSync(join(folder, name), { force: true });
    writeFileSync(
      join(folder, "turnout.db"),
      "not a database, and long enough not to be taken for an empty one".repeat(99),
    );
    expect(await findingsOf(options, "problem")).toContainEqual(expect.objectContaining({ check: "database" }));
  });

  test("tells accounts that need a login, keys that refer to nothing, and missing keys of clients", async () => {
    const { folder, options } = scene({ server: { port: 0, host: "0.0.0.0" } });
    const store = await openAccountStore({ dataDirectory: folder });
    const login = {
      provider: "codex",
      kind: "oauth",
      origin: "login",
      label: "work",
      secrets: { secret: "a" },
    } as const;
    store.accounts.update(store.accounts.add(login).id, { needsLogin: "its refresh token was refused" });
    const key = {
      provider: "openai",
      kind: "api-key",
      origin: "login",
      label: "key",
      secrets: { secret: "env:NOWHERE" },
    } as const;
    store.accounts.add(key);
    const auth = join(folder, "nowhere", "auth.json");
    const followed = {
      origin: "import",
      flow: "codex-auth-file",
      label: "followed",
      secrets: { secret: auth },
    } as const;
    store.accounts.add({ ...login, ...followed });
    store.close();
    const findings = await runChecks({ ...options, network: false });
    expect(findings).toContainEqual({
      check: "codex work",
      severity: "needs-login",
      message: "its refresh token was refused",
      advice: 'turnout login codex --label "work"',
    });
    const problems = findings.filter(({ severity }) => severity === "problem");
    expect(problems.map(({ check }) => check)).toEqual(["codex followed", "openai key", "client keys"]);
    expect(problems[0]?.message).toBe(`its tokens are in ${auth}, which is not there`);
    expect(problems[1]?.message).toContain("$NOWHERE: the variable is not set");
    expect(problems[2]).toMatchObject({ advice: "turnout keys create" });
  });

  test("tells a Node that is too old", async () => {
    const { options } = scene();
    const [problem] = await findingsOf({ ...options, nodeVersion: "20.18.1", network: false }, "problem");
    expect(problem).toMatchObject({ check: "node", advice: "Install Node 20.19 or newer" });
  });
});
