import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { ClientProgram } from "./client-program.ts";
import { runProcess } from "./run-process.ts";

/** Why a client cannot be run here. Its message is what the table shows. */
export class NotAvailable extends Error {
  override readonly name = "NotAvailable";
}

/** An installed client. */
export interface Installed {
  /** Node for its JavaScript; meaningless for a native program. */
  readonly node: string;
  /** The file its package names as program `name`. */
  bin(name: string): string;
  /**
   * A file of a platform package, for clients that are native: the first package that is there counts.
   *
   * @param packages - Names without the platform, for example `["@x/y-"]` for `@x/y-linux-x64`.
   * @throws {NotAvailable} when there is none for this platform.
   */
  native(prefix: string, file: string): string;
}

/** Ten minutes: some packages hold hundreds of megabytes. */
const installLimitMs = 600_000;

/** Runs the clients that need a newer Node than ours. Published for Linux on x64 and arm64, 2026-11. */
const newerNode = "24.21.0";

const manifestSchema = z.object({ bin: z.union([z.string(), z.record(z.string(), z.string())]) });

/** Installs clients from the npm registry into a folder, each once. */
export interface ClientCache {
  readonly folder: string;
  /** @throws {NotAvailable} when the registry does not have it, or this machine cannot run it. */
  install(client: ClientProgram): Promise<Installed>;
}

export function createClientCache(folder: string): ClientCache {
  mkdirSync(folder, { recursive: true });

  return {
    folder,
    async install(client) {
      const modules = await installPackage(folder, client.package, client.version);
      const node = client.node === undefined ? process.execPath : await nodeFor(folder, client.node);
      const own = path.join(modules, client.package);
      return {
        node,
        bin(name) {
          const { bin } = manifestSchema.parse(JSON.parse(readFileSync(path.join(own, "package.json"), "utf8")));
          const file = typeof bin === "string" ? bin : bin[name];
          if (file === undefined) throw new NotAvailable(`${client.package} has no program ${name}`);
          return path.join(own, file);
        },
        native(prefix, file) {
          const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
          // The baseline build runs on processors without AVX2, too.
          const candidates = ["-baseline", "", "-musl"].map((suffix) =>
            path.join(modules, `${prefix}${platform}${suffix}`, file),
          );
          const found = candidates.find((candidate) => existsSync(candidate));
          if (found === undefined) throw new NotAvailable(`${client.package} has no program for ${platform}`);
          return found;
        },
      };
    },
  };
}

/** Installs one package without running its scripts. @returns its `node_modules`. */
async function installPackage(folder: string, name: string, version: string): Promise<string> {
  const target = path.join(folder, `${name.replaceAll("/", "+")}@${version}`);
  const modules = path.join(target, "node_modules");
  if (existsSync(target)) return modules;
  // A stopped installation leaves nothing that looks like a finished one.
  const draft = mkdtempSync(path.join(folder, ".draft-"));
  try {
    writeFileSync(path.join(draft, "package.json"), '{ "private": true }\n');
    const { code, timedOut, errors } = await runProcess({
      command: ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", `${name}@${version}`],
      cwd: draft,
      environment: { ...inheritedEnvironment(), npm_config_update_notifier: "false", npm_config_loglevel: "error" },
      limitMs: installLimitMs,
    });
    if (code !== 0)
      throw new NotAvailable(`cannot install ${name}@${version}: ${timedOut ? "too slow" : reason(errors)}`);
    renameSync(draft, target);
    return modules;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** npm finds its registry and its proxy in the environment. */
function inheritedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** The telling line of npm's complaint. */
function reason(errors: string): string {
  const lines = errors.split("\n").map((line) => line.replace(/^npm error /u, "").trim());
  const code = lines.find((line) => line.startsWith("code "));
  const words = lines.find((line) => line !== "" && !line.startsWith("code ") && !line.startsWith("npm "));
  return (
    [code?.slice("code ".length), words?.slice(0, 200)].filter((part) => part !== undefined).join(": ") || "npm failed"
  );
}

async function nodeFor(folder: string, wanted: string): Promise<string> {
  if (isAtLeast(process.versions.node, wanted)) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  try {
    return path.join(await installPackage(folder, name, newerNode), name, "bin", "node");
  } catch (error) {
    if (!(error instanceof NotAvailable)) throw error;
    throw new NotAvailable(`needs Node ${wanted}, this is ${process.versions.node}; ${error.message}`);
  }
}

function isAtLeast(version: string, wanted: string): boolean {
  const [left, right] = [version, wanted].map((text) => text.split(".").map(Number));
  for (const [index, number] of (right ?? []).entries()) {
    const difference = (left?.[index] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
