import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSandbox, type Sandbox, type SandboxOptions } from "@turnout/sandbox";
import { expect, onTestFinished } from "vitest";
import { stringify } from "yaml";
import { findSecrets, findSecretsInFolder } from "./find-secrets.ts";
import { type Program, runProgram } from "./run-program.ts";

/** A user's machine: a home, a config that leads to a simulated provider, and turnout's commands. */
export interface CommandWorld {
  readonly sandbox: Sandbox;
  readonly home: string;
  readonly dataDirectory: string;
  /** Runs `turnout …` as a process of its own. Everything it says is looked through for secrets when the test ends. */
  turnout(...rawArguments: readonly string[]): Program;
  /** The same on a terminal of its own. */
  typed(...rawArguments: readonly string[]): Program;
  /** Runs it to its end, with `input` on standard input, and gives what it printed. */
  ran(
    rawArguments: readonly string[],
    input?: string,
  ): Promise<{ code: number | null; output: string; errors: string }>;
  /** A secret that was meant to be shown. */
  allow(secret: string): void;
}

export interface CommandWorldOptions {
  readonly sandbox?: SandboxOptions;
  /** Merged over `providers.codex`. */
  readonly codex?: Record<string, unknown>;
  /** Merged over the config. */
  readonly config?: Record<string, unknown>;
}

/**
 * Makes one for a test. When the test has ended, no token may stand in anything that was said, in the logs, or in any file of
 * the data folder.
 */
export async function createCommandWorld(options: CommandWorldOptions = {}): Promise<CommandWorld> {
  const sandbox = await createSandbox({ deviceIntervalSeconds: 0, ...options.sandbox });
  const home = mkdtempSync(join(tmpdir(), "turnout-home-"));
  const dataDirectory = join(home, ".turnout");
  mkdirSync(dataDirectory, { mode: 0o700 });
  const codex = { baseUrl: sandbox.codexBaseUrl, issuer: sandbox.issuer, callbackPort: 0, ...options.codex };
  const config = {
    server: { port: 0 },
    sandbox: false,
    log: { level: "debug" },
    providers: { codex },
    ...options.config,
  };
  writeFileSync(join(home, "turnout.yaml"), stringify(config));
  const programs: { readonly name: string; readonly program: Program }[] = [];
  const allowed: string[] = [];

  onTestFinished(async () => {
    await Promise.all(
      programs.map(({ program }) => {
        if (program.process.exitCode === null) program.process.kill("SIGKILL");
        return program.ended;
      }),
    );
    const said = programs.flatMap(({ name, program }) =>
      findSecrets(`turnout ${name}`, program.output() + program.errors(), allowed),
    );
    const kept = findSecretsInFolder(dataDirectory);
    await sandbox.close();
    rmSync(home, { recursive: true });
    expect([...said, ...kept]).toEqual([]);
  });

  function start(rawArguments: readonly string[], terminal: boolean): Program {
    // A terminal that knows colours and the cursor, as most do.
    const options = { cwd: home, terminal, environment: terminal ? { TERM: "xterm-256color" } : {} };
    const program = runProgram("apps/router/src/main.ts", rawArguments, options);
    programs.push({ name: rawArguments.join(" "), program });
    return program;
  }

  const turnout = (...rawArguments: readonly string[]) => start(rawArguments, false);

  return {
    sandbox,
    home,
    dataDirectory,
    turnout,
    typed: (...rawArguments) => start(rawArguments, true),
    allow: (secret) => void allowed.push(secret),
    async ran(rawArguments, input = "") {
      const program = turnout(...rawArguments);
      program.process.stdin?.end(input);
      const code = await program.ended;
      return { code, output: program.output(), errors: program.errors() };
    },
  };
}

/** A port that is taken for the length of the test. */
export async function takePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
