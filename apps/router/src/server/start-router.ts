import { createServer, type Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { createKeyRing, type KeyRing } from "@turnout/auth";
import type { ProviderPlugin, Runtime, Timer } from "@turnout/core";
import { RouterError } from "@turnout/core";
import { createSandbox, type Sandbox } from "@turnout/sandbox";
import { createTransportMemory } from "@turnout/upstream";
import type { Logger } from "pino";
import type { Config } from "../config/config-schema.ts";
import type { PipelineOptions } from "../pipeline/handle.ts";
import { type AccountHouse, openAccountHouse } from "../registry/account-house.ts";
import { createProvider, providerSettings } from "../registry/create-providers.ts";
import type { Provider } from "../registry/provider.ts";
import { providerNames, usedPlugins } from "../registry/used-plugins.ts";
import { createRegistry, type Registry } from "../registry/registry.ts";
import { createSandboxProvider } from "../registry/sandbox-provider.ts";
import { createResponseStore } from "../responses/response-store.ts";
import { createRouter } from "../router.ts";
import { createSocketServer, type SocketServer } from "../websocket/socket-server.ts";
import { createGuard, requireKeysBeyondLoopback } from "./guard.ts";
import { serveUpgrades, type UpgradeOptions } from "./upgrade.ts";

export interface StartOptions {
  readonly config: Config;
  readonly plugins: readonly ProviderPlugin[];
  readonly runtime: Runtime;
  readonly log: Logger;
  readonly dataDirectory: string;
  readonly homeDirectory: string;
  /** Has the key of the account store, and secrets that stored accounts refer to. Default: empty. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A router that listens. */
export interface RunningRouter {
  /** For example `http://127.0.0.1:8787`. */
  readonly url: string;
  readonly registry: Registry;
  /** The built-in simulator, when the config has it on. */
  readonly sandbox: Sandbox | undefined;
  /** The keys of clients, as they are now. */
  readonly keys: Pick<KeyRing, "size">;
  /** Takes no new requests, lets running ones end within `server.shutdownTimeoutMs`, then ends them with an error. */
  close(): Promise<void>;
}

/**
 * Builds everything from the config and listens.
 *
 * @throws {RouterError} `config-invalid` for what only shows when it is put together, and when the port is taken.
 */
export async function startRouter(options: StartOptions): Promise<RunningRouter> {
  const { config, runtime, log } = options;
  const house = await openAccountHouse({ ...options, environment: options.environment ?? {} });
  let sandbox: Sandbox | undefined;
  let keys: KeyRing | undefined;
  try {
    const onWarning = ({ code, message }: RouterError) => log.warn({ code, message }, "trouble with client keys");
    const ring = createKeyRing({ keys: config.server.keys, store: house.store, runtime, onWarning });
    keys = ring;
    if (config.sandbox) sandbox = await createSandbox({ runtime, tokenLifetimeSeconds: centurySeconds });
    const providers = createProviders(options, house, sandbox);
    const registry = createRegistry(providers, config.aliases);
    const pipeline: PipelineOptions = {
      registry,
      runtime,
      memory: createTransportMemory({ runtime }),
      log,
      bodyLimitBytes: config.server.bodyLimitBytes,
      keepAliveMs: config.server.keepAliveMs,
      strict: config.strict,
      responses: {
        stored: createResponseStore({ runtime, ...config.responses }),
        sockets: createResponseStore({ runtime, ...config.responses }),
      },
      active: new Set(),
    };
    const { host, allowedHosts } = config.server;
    requireKeysBeyondLoopback(host, ring);
    const guard = createGuard({ host, allowedHosts, keys: ring });
    const app = createRouter({ pipeline, guard });
    const settings = config.websocket;
    const sockets = settings.enabled ? createSocketServer({ pipeline, settings }) : undefined;
    const server = await listen(app.fetch, { guard, pipeline, sockets }, config.server);
    let closing: Promise<void> | undefined;
    return {
      url: urlOf(server, config.server.host),
      registry,
      sandbox,
      keys: ring,
      close: () => {
        closing ??= stop(
          { server, sockets, pipeline, providers, keys: ring, house, sandbox },
          config.server.shutdownTimeoutMs,
        );
        return closing;
      },
    };
  } catch (error) {
    keys?.close();
    await house.close();
    await sandbox?.close();
    throw error;
  }
}

/** The sandbox's own account lives as long as the process. */
const centurySeconds = 100 * 365 * 86_400;

function createProviders(options: StartOptions, house: AccountHouse, sandbox: Sandbox | undefined): Provider[] {
  const { config, plugins, runtime, log } = options;
  const providers = providerNames(options).map((name) => {
    const settings = providerSettings(config.providers[name]);
    return createProvider(name, usedPlugins(name, options), settings, { ...options, house });
  });
  if (sandbox === undefined) return providers;
  const codex = plugins.filter((plugin) => plugin.provider === "codex");
  return [...providers, createSandboxProvider(sandbox, codex, { runtime, log })];
}

type Fetch = Parameters<typeof createAdaptorServer>[0]["fetch"];

async function listen(fetch: Fetch, upgrades: UpgradeOptions, address: Config["server"]): Promise<Server> {
  // Node's global Request and Response stay as they are: plugins may depend on them.
  const server = createAdaptorServer({ fetch, createServer, overrideGlobalObjects: false }) as Server;
  serveUpgrades(server, upgrades);
  // A streamed answer may be silent for minutes; requests themselves must arrive in time (Node's defaults).
  server.timeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(cannotListen(address, cause)));
    server.listen(address.port, address.host, resolve);
  });
  return server;
}

function cannotListen(address: Config["server"], cause: Error): RouterError {
  const where = `${address.host}:${address.port}`;
  return new RouterError(
    "config-invalid",
    `Cannot listen on ${where}: ${cause.message}`,
    { path: "server" },
    { cause },
  );
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** How often finished keep-alive connections are swept while stopping, in milliseconds. */
const sweepMs = 50;

/** How long ended requests may take to flush their last words before their connections are cut, in milliseconds. */
const lastWordsMs = 1_000;

/** What has to end, in the order in which it does. */
interface Parts {
  readonly server: Server;
  readonly sockets: SocketServer | undefined;
  readonly pipeline: PipelineOptions;
  readonly providers: readonly Provider[];
  readonly keys: KeyRing;
  readonly house: AccountHouse;
  readonly sandbox: Sandbox | undefined;
}

async function stop(
  { server, sockets, pipeline, providers, keys, house, sandbox }: Parts,
  shutdownTimeoutMs: number,
): Promise<void> {
  const { runtime, active, responses } = pipeline;
  const patience = runtime.setTimer(shutdownTimeoutMs, () => {
    for (const client of active) client.abort(new RouterError("shutting-down", "turnout is stopping", {}));
    cut = runtime.setTimer(lastWordsMs, () => {
      server.closeAllConnections();
      sockets?.terminate();
    });
  });
  let cut: Timer | undefined;
  let sweeper: Timer | undefined;
  const sweep = () => {
    server.closeIdleConnections();
    sweeper = runtime.setTimer(sweepMs, sweep);
  };
  // Resolves when the sockets of clients are closed too.
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  sockets?.drain();
  sweep();
  await closed;
  for (const timer of [patience, cut, sweeper]) timer?.cancel();
  responses.stored.close();
  responses.sockets.close();
  await Promise.all(providers.map((provider) => provider.close()));
  keys.close();
  await house.close();
  await sandbox?.close();
}
