/**
 * `pnpm test:clients`: real command-line clients against the router.
 *
 *     pnpm test:clients                                 all
 *     pnpm test:clients --client=pi,codex               some
 *     pnpm test:clients --wire=gemini --upstream=codex  some formats, some upstreams
 *     pnpm test:clients --transport=ws                  only over WebSocket, or only over http
 *     pnpm test:clients --write                         also write docs/clients.json, for the README
 *
 * Clients come from the npm registry into the folder that TURNOUT_CLIENT_CACHE names, by default below node_modules.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { createClientCache, type Installed, NotAvailable } from "./client-cache.ts";
import type { ClientProgram } from "./client-program.ts";
import { clients } from "./clients.ts";
import { publicRow, renderLine, renderTable, type ResultRow } from "./report.ts";
import { runCase } from "./run-case.ts";
import { upstreams } from "./upstreams.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const { values } = parseArgs({
  options: {
    client: { type: "string" },
    wire: { type: "string" },
    transport: { type: "string" },
    upstream: { type: "string" },
    write: { type: "boolean", default: false },
  },
});

const cache = createClientCache(
  process.env["TURNOUT_CLIENT_CACHE"] ?? path.join(root, "node_modules", ".cache", "turnout-clients"),
);

/** Those whose id the option names; all without it. */
function chosen<T>(items: readonly T[], idOf: (item: T) => string, option: string | undefined): readonly T[] {
  if (option === undefined) return items;
  return items.filter((item) => option.split(",").includes(idOf(item)));
}

async function installOrReason(client: ClientProgram): Promise<Installed | string> {
  try {
    const installed = await cache.install(client);
    client.start(installed);
    return installed;
  } catch (error) {
    if (error instanceof NotAvailable) return error.message;
    throw error;
  }
}

/**
 * These are programs of others with time limits and retries of their own, so a case that fails is tried once more. What went
 * wrong at first is printed and stays in the results.
 */
async function runTwiceAtMost(...[installed, asked]: Parameters<typeof runCase>) {
  const first = await runCase(installed, asked);
  if (first.problems.length === 0) return { status: "passed", ...first } as const;
  const second = await runCase(installed, asked);
  const status = second.problems.length === 0 ? "passed" : "failed";
  return { status, ...second, firstTry: first.problems } as const;
}

async function runClient(client: ClientProgram): Promise<ResultRow[]> {
  const installed = await installOrReason(client);
  const rows: ResultRow[] = [];
  const ways = chosen(client.ways, ({ wire }) => wire, values.wire);
  for (const way of chosen(ways, ({ transport }) => transport, values.transport)) {
    for (const upstream of chosen(upstreams, ({ id }) => id, values.upstream)) {
      const { wire, label } = way;
      const spoken = { wire, ...(label !== undefined && { label }) };
      const named = { client: client.name, version: client.version, ...spoken, upstream: upstream.id };
      const row: ResultRow =
        typeof installed === "string"
          ? { ...named, status: "not available", problems: [installed] }
          : { ...named, ...(await runTwiceAtMost(installed, { client, way, upstream })) };
      console.log(renderLine(row));
      rows.push(row);
    }
  }
  return rows;
}

const rows: ResultRow[] = [];
for (const client of chosen(clients, ({ id }) => id, values.client)) rows.push(...(await runClient(client)));

const date = new Date().toISOString();
const write = (file: string, value: unknown) => writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);
write(path.join(cache.folder, "results.json"), { date, rows });
if (values.write)
  write(path.join(root, "docs", "clients.json"), { date: date.slice(0, 10), rows: rows.map(publicRow) });
const count = (status: ResultRow["status"]) => rows.filter((row) => row.status === status).length;
console.log(`\n${renderTable(rows)}\n`);
console.log(`${count("passed")} passed, ${count("failed")} failed, ${count("not available")} skipped`);
process.exitCode = count("failed") === 0 && rows.length > 0 ? 0 : 1;
