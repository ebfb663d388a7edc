import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { request } from "undici";
import { stringify } from "yaml";
import { z } from "zod";
import { startChild, type Child } from "./child.ts";

/** A Codex backend, and an account that may use it. */
export interface Upstream {
  readonly origin: string;
  /** Path in front of `/responses`. */
  readonly path: string;
  readonly accessToken: string;
  readonly accountId: string;
  /** For the other three languages, which have their public paths. */
  readonly apiKey: string;
}

/** A process that listens. */
export interface RunningProcess {
  readonly child: Child;
  readonly origin: string;
}

export interface RouterOptions {
  readonly name: string;
  /** `providers` of the config. */
  readonly providers: Readonly<Record<string, unknown>>;
  readonly nodeOptions?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Further settings under `server` of the config. */
  readonly server?: Readonly<Record<string, unknown>>;
  /** `responses` of the config. */
  readonly responses?: Readonly<Record<string, unknown>>;
  readonly logLevel?: "info" | "error";
}

/** The Codex backend, over one transport. */
export function codexProvider(upstream: Upstream, transport: "http" | "ws"): Readonly<Record<string, unknown>> {
  const { accessToken, accountId } = upstream;
  return {
    codex: {
      // More than the default, which is made for one person's account.
      maxSocketsPerAccount: 512,
      sessions: { dialSpacingMs: 0 },
      baseUrl: `${upstream.origin}${upstream.path}`,
      transport,
      accounts: [{ accessToken, accountId }],
    },
  };
}

/** An upstream for each of the four languages, all over HTTP. */
export function allProviders(upstream: Upstream): Readonly<Record<string, unknown>> {
  const { origin, apiKey } = upstream;
  const accounts = [{ apiKey }];
  return {
    ...codexProvider(upstream, "http"),
    openai: { baseUrl: `${origin}/v1`, api: "chat", accounts },
    anthropic: { baseUrl: origin, accounts },
    gemini: { baseUrl: origin, accounts },
  };
}

/** Where configs and the like lie; gone with the benchmark. */
export const folder = mkdtempSync(path.join(tmpdir(), "turnout-bench-home-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function isHealthy(origin: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${origin}/health`);
    await body.dump();
    return statusCode === 200;
  } catch {
    return false; // It does not listen yet.
  }
}

/** Starts the program users start, as it is built, with a config file of its own, and waits until it answers. */
export async function startRouter(options: RouterOptions): Promise<RunningProcess> {
  const { name, providers, nodeOptions, environment, server, responses = {}, logLevel = "info" } = options;
  const port = await findFreePort();
  const config = path.join(folder, `${name.replaceAll(/\W+/gu, "-")}.yaml`);
  const settings = {
    server: { ...server, host: "127.0.0.1", port },
    log: { level: logLevel },
    responses,
    sandbox: false,
    providers,
  };
  writeFileSync(config, stringify(settings));
  const child = startChild({
    name,
    program: "apps/router/dist/main.js",
    parameters: ["serve", "--config", config],
    environment: { ...environment, TURNOUT_HOME: path.join(folder, name.replaceAll(/\W+/gu, "-")) },
    ...(nodeOptions === undefined ? {} : { nodeOptions }),
  });
  const origin = `http://127.0.0.1:${port}`;
  // The question also fails when the process has ended.
  for (let tries = 0; !(await isHealthy(origin)); tries += 1) {
    await child.usage();
    if (tries > 200) throw new Error(`Cannot start ${name}: it does not answer on ${origin}/health`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { child, origin };
}

const sandboxSchema = z.object({
  origin: z.string(),
  path: z.string(),
  accessToken: z.string(),
  accountId: z.string(),
  apiKey: z.string(),
});

export interface Sandbox {
  readonly child: Child;
  readonly upstream: Upstream;
}

export async function startSandbox(): Promise<Sandbox> {
  const child = startChild({ name: "sandbox", program: "bench/processes/sandbox.ts" });
  return { child, upstream: await child.ask(sandboxSchema, "listen") };
}

/** A process of ours that answers `listen` with its port; `parameters` say whom it is for, `origin` or `answers`. */
export async function startListener(name: string, program: string, parameters: object): Promise<RunningProcess> {
  const child = startChild({ name, program });
  const port = await child.ask(z.number(), "listen", parameters);
  return { child, origin: `http://127.0.0.1:${port}` };
}
