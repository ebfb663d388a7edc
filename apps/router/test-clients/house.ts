import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { systemRuntime } from "@turnout/core";
import { createSandbox, type RecordedRequest } from "@turnout/sandbox";
import { stringify } from "yaml";
import { z } from "zod";
import { parseConfigText, readConfig } from "../src/config/load-config.ts";
import { createLog } from "../src/log.ts";
import { builtInPlugins } from "../src/plugins.ts";
import { startRouter } from "../src/server/start-router.ts";
import { type OutsideWorld, startOutsideWorld } from "./outside-world.ts";
import type { Upstream } from "./upstreams.ts";

const lossSchema = z.object({ path: z.string(), reason: z.string() });

const lineSchema = z.looseObject({
  level: z.number(),
  msg: z.string(),
  wire: z.string().optional(),
  /** What carried a request to the router. */
  client: z.enum(["http", "ws"]).optional(),
  operation: z.string().optional(),
  /** The request referred to the answer before. */
  continued: z.boolean().optional(),
  /** How the session with the upstream travelled. */
  session: z.string().optional(),
  /** Of a socket that was closed. */
  requests: z.number().optional(),
  status: z.number().optional(),
  losses: z.object({ approximated: z.array(lossSchema), dropped: z.array(lossSchema) }).optional(),
});

/** A line of the router's log. */
export type LogLine = z.output<typeof lineSchema>;

/** A router in front of a sandbox, both on real ports, and rooms for one client. */
export interface House {
  readonly routerUrl: string;
  readonly key: string;
  readonly home: string;
  readonly work: string;
  /** What the router asked of its upstream. */
  readonly upstreamRequests: readonly RecordedRequest[];
  readonly log: readonly LogLine[];
  readonly outside: OutsideWorld;
  /** Stops the router, so that everything about it is in the log. */
  stopRouter(): Promise<void>;
  close(): Promise<void>;
}

/** A key like a login of ChatGPT, unsigned: one of the clients takes an account's id out of it. */
const key = [{ alg: "none" }, { "https://api.openai.com/auth": { chatgpt_account_id: "account-of-a-client" } }, "sig"]
  .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
  .join(".");

/** Opens a house for one client and one upstream. */
export async function openHouse(upstream: Upstream): Promise<House> {
  const folder = mkdtempSync(path.join(tmpdir(), "turnout-clients-"));
  const [home, work, data] = ["home", "work", "data"].map((name) => path.join(folder, name));
  if (home === undefined || work === undefined || data === undefined) throw new Error("A house has three rooms");
  for (const room of [home, work, data]) mkdirSync(room);
  const lines: string[] = [];
  const outside = await startOutsideWorld();
  const sandbox = await createSandbox();
  const config = { server: { port: 0, keys: [key] }, sandbox: false, providers: upstream.configure(sandbox) };
  const router = await startRouter({
    config: readConfig(parseConfigText(stringify(config), "turnout.yaml"), builtInPlugins),
    plugins: builtInPlugins,
    runtime: systemRuntime,
    log: createLog("debug", { write: (line) => lines.push(line) }),
    dataDirectory: data,
    homeDirectory: data,
  });
  return {
    routerUrl: router.url,
    key,
    home,
    work,
    outside,
    upstreamRequests: sandbox.requests,
    get log() {
      return lines.map((line) => lineSchema.parse(JSON.parse(line)));
    },
    stopRouter: () => router.close(),
    async close() {
      await router.close();
      await sandbox.close();
      await outside.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
