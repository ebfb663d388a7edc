import { existsSync } from "node:fs";
import { join } from "node:path";
import { type AccountStore, createKeyRing, openAccountStore } from "@turnout/auth";
import type { Runtime } from "@turnout/core";
import { RouterError } from "@turnout/core";
import { requireKeysBeyondLoopback } from "../../server/guard.ts";
import { findProviderLogin } from "../provider-login.ts";
import { loadSetup, type Setup } from "../setup.ts";
import type { Surroundings } from "../surroundings.ts";
import { storePlace } from "../../registry/store-place.ts";
import { checkAccounts } from "./check-accounts.ts";
import { checkDataFolder } from "./check-data-folder.ts";
import { checkNetwork, providersInUse } from "./check-network.ts";
import { checkCallbackPort, checkServerPort } from "./check-ports.ts";
import { type Finding, note, ok, problem } from "./finding.ts";

export interface DoctorOptions {
  readonly surroundings: Surroundings;
  readonly runtime: Runtime;
  /** The config file that was named, if any. */
  readonly config: string | undefined;
  /** Ask upstreams and issuers. */
  readonly network: boolean;
  /** For example `20.20.2`. */
  readonly nodeVersion: string;
}

/** The oldest Node that turnout runs on. */
const oldestNode = [20, 19] as const;

/** Looks at everything that keeps people from an answer. Makes nothing; modes that are too wide are put right by opening the store. */
export async function runChecks(options: DoctorOptions): Promise<readonly Finding[]> {
  const { surroundings, runtime } = options;
  const findings: Finding[] = [checkNode(options.nodeVersion), ...checkDataFolder(surroundings.dataDirectory)];
  const setup = await readSetup(options, findings);
  const store = await openStore(surroundings, runtime, findings);
  try {
    const stored = store?.accounts.list().map(({ provider }) => provider) ?? [];
    if (store !== undefined) findings.push(...checkAccounts(store, surroundings.environment, runtime));
    if (setup !== undefined) {
      findings.push(...checkKeys(setup, store, runtime), ...(await checkServerPort(setup.config, runtime)));
      findings.push(...(await checkProviders(setup, stored, options)));
    }
    return findings;
  } finally {
    store?.close();
  }
}

function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOldEnough = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  if (isOldEnough) return ok("node", version);
  const wanted = oldestNode.join(".");
  return problem("node", `${version} is too old`, `Install Node ${wanted} or newer`);
}

async function readSetup(options: DoctorOptions, findings: Finding[]): Promise<Setup | undefined> {
  try {
    const setup = await loadSetup(options.config, options.surroundings);
    findings.push(ok("config", setup.file ?? "no file, the defaults hold"));
    return setup;
  } catch (error) {
    if (!RouterError.is(error) || error.code !== "config-invalid") throw error;
    findings.push(problem("config", error.message, "Correct it; the README lists all keys"));
    return undefined;
  }
}

/** Opens a store that is there; the doctor makes none. */
async function openStore(
  surroundings: Surroundings,
  runtime: Runtime,
  findings: Finding[],
): Promise<AccountStore | undefined> {
  const path = join(surroundings.dataDirectory, "turnout.db");
  if (!existsSync(path)) {
    findings.push(note("database", `${path} is not there yet; the first login makes it`));
    return undefined;
  }
  try {
    const store = await openAccountStore({ ...storePlace(surroundings), runtime });
    findings.push(ok("database", `${path} opens, and its key is right`));
    return store;
  } catch (error) {
    if (!RouterError.is(error)) throw error;
    const advice =
      "Nothing in it was changed. Put the right key or a copy of the file in place, or move it away and log in again";
    findings.push(problem("database", error.message, advice));
    return undefined;
  }
}

function checkKeys({ config }: Setup, store: AccountStore | undefined, runtime: Runtime): readonly Finding[] {
  const { host, keys } = config.server;
  const ring = createKeyRing({ keys, store, runtime });
  try {
    requireKeysBeyondLoopback(host, ring);
    return [ok("client keys", ring.size === 0 ? "none asked for on loopback" : `${ring.size} known`)];
  } catch (error) {
    return [problem("client keys", RouterError.from(error).message, "turnout keys create")];
  } finally {
    ring.close();
  }
}

async function checkProviders(
  setup: Setup,
  stored: readonly string[],
  { network, runtime }: DoctorOptions,
): Promise<readonly Finding[]> {
  const providers = providersInUse(setup.config, stored);
  const findings: Finding[] = [];
  for (const provider of providers) {
    const { request } = findProviderLogin(provider, setup);
    if (request !== undefined) findings.push(...(await checkCallbackPort(provider, request.oauth)));
  }
  if (!network) return findings;
  return [...findings, ...(await checkNetwork(providers, setup, runtime))];
}
