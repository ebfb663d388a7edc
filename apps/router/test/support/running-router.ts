import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Runtime } from "@turnout/core";
import { systemRuntime } from "@turnout/core";
import { createSandbox, type Sandbox, type SandboxOptions } from "@turnout/sandbox";
import { onTestFinished } from "vitest";
import { stringify } from "yaml";
import { parseConfigText, readConfig } from "../../src/config/load-config.ts";
import { createLog } from "../../src/log.ts";
import { builtInPlugins } from "../../src/plugins.ts";
import { type RunningRouter, startRouter } from "../../src/server/start-router.ts";

/** A router on real sockets in front of a sandbox of its own, with everything it logged. */
export interface TestRouter {
  readonly url: string;
  readonly router: RunningRouter;
  readonly sandbox: Sandbox;
  /** Parsed log lines, oldest first. */
  readonly log: Record<string, unknown>[];
  /** The raw log, to look for secrets. */
  readonly logText: () => string;
  readonly dataDirectory: string;
  close(): Promise<void>;
}

export interface TestRouterOptions {
  /** Merged over `providers.codex`. */
  readonly codex?: Record<string, unknown> | ((sandbox: Sandbox) => Record<string, unknown>);
  /** Instead of the provider `codex`: the whole of `providers`. */
  readonly providers?: (sandbox: Sandbox) => Record<string, unknown>;
  readonly server?: Record<string, unknown>;
  readonly websocket?: Record<string, unknown>;
  readonly responses?: Record<string, unknown>;
  readonly sandbox?: SandboxOptions;
  readonly runtime?: Runtime;
  readonly aliases?: Record<string, string>;
  /** Of an earlier router that has been closed; who gives it removes it. Default: one of its own. */
  readonly dataDirectory?: string;
  /** Accounts of the sandbox, each an entry of `providers.codex.accounts`. Default: one access token. */
  readonly accounts?: (sandbox: Sandbox) => readonly Record<string, unknown>[];
}

/** Starts both; they are closed when the test has finished. */
export async function startTestRouter(options: TestRouterOptions = {}): Promise<TestRouter> {
  const sandbox = await createSandbox(options.sandbox);
  const dataDirectory = options.dataDirectory ?? mkdtempSync(join(tmpdir(), "turnout-data-"));
  const lines: string[] = [];
  const config = {
    server: { port: 0, ...options.server },
    websocket: options.websocket ?? {},
    responses: options.responses ?? {},
    sandbox: false,
    providers: options.providers?.(sandbox) ?? { codex: codexConfig(options, sandbox) },
    aliases: options.aliases ?? {},
  };
  const router = await startRouter({
    config: readConfig(parseConfigText(stringify(config), "turnout.yaml"), builtInPlugins),
    plugins: builtInPlugins,
    runtime: options.runtime ?? systemRuntime,
    log: createLog("debug", { write: (line) => lines.push(line) }),
    dataDirectory,
    homeDirectory: dataDirectory,
  });
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= router.close().then(() => sandbox.close());
    return closing;
  };
  onTestFinished(async () => {
    await close();
    if (options.dataDirectory === undefined) rmSync(dataDirectory, { recursive: true });
  });
  return {
    url: router.url,
    router,
    sandbox,
    get log() {
      return lines.map((line): Record<string, unknown> => JSON.parse(line));
    },
    logText: () => lines.join(""),
    dataDirectory,
    close,
  };
}

function codexConfig(options: TestRouterOptions, sandbox: Sandbox): Record<string, unknown> {
  return {
    baseUrl: sandbox.codexBaseUrl,
    issuer: sandbox.issuer,
    accounts: (options.accounts ?? oneAccount)(sandbox),
    ...(typeof options.codex === "function" ? options.codex(sandbox) : options.codex),
  };
}

function oneAccount(sandbox: Sandbox): readonly Record<string, unknown>[] {
  const { accessToken, accountId } = sandbox.createAccount();
  return [{ accessToken, accountId, name: "first" }];
}
