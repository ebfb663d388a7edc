import { z } from "zod";
import { startChild, type Child, type Ending } from "../library/child.ts";
import { startRouter } from "../library/start.ts";
import {
  clientReportSchema,
  struckSchema,
  upstreamReportSchema,
  type ClientReport,
  type Incident,
  type UpstreamReport,
} from "./soak-protocol.ts";

export interface SoakSettings {
  readonly milliseconds: number;
  readonly seed: number;
  readonly concurrency: number;
  readonly accounts: number;
  readonly maxSocketsPerAccount: number;
  /** Share of the requests to the upstream that a fault strikes. */
  readonly faultShare: number;
  readonly handshakeFaultMs: number;
  readonly sampleMs: number;
}

/** The router while everything runs; bytes after a garbage collection. */
export interface Sample {
  readonly seconds: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly rss: number;
  readonly upstreamSockets: number;
  readonly answers: number;
  readonly resources: Readonly<Record<string, number>>;
}

/** An error in the client's own words, and the faults that struck its turn. */
export interface ExplainedError extends Incident {
  readonly faults: z.infer<typeof struckSchema>;
}

export interface SoakResult {
  readonly clients: readonly string[];
  readonly report: ClientReport;
  readonly upstream: UpstreamReport;
  readonly errors: readonly ExplainedError[];
  readonly samples: readonly Sample[];
  /** What kept the router alive before the first request, and when all clients had gone. */
  readonly resourcesBefore: Readonly<Record<string, number>>;
  readonly resourcesAfter: Readonly<Record<string, number>>;
  /** How the router ended when it was asked to, and how long that took. */
  readonly ending: Ending;
  readonly endingMs: number;
  /** Sockets and streams at the upstream after that. */
  readonly openSockets: number;
  readonly openStreams: number;
  /** Faults of the router itself, as its log has them. */
  readonly internalErrors: readonly string[];
}

const listeningSchema = z.object({ baseUrl: z.string(), accounts: z.array(z.record(z.string(), z.string())) });

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What is patient with a real upstream would make a soak one long silence; and sockets shall grow old and idle in it. */
const impatience = {
  connectTimeoutMs: 2_000,
  firstEventTimeoutMs: 2_000,
  silenceTimeoutMs: 2_000,
  sessions: {
    dialSpacingMs: 50,
    maxIdleMs: 5_000,
    maxAgeMs: 30_000,
    pingIntervalMs: 1_000,
    pongTimeoutMs: 2_000,
    // Full within the first minutes, so that memory can be seen to be flat afterwards.
    maxRememberedBytes: 4 * 1024 * 1024,
  },
};

async function takeSample(router: Child, upstream: Child, clients: Child, startedAt: number): Promise<Sample> {
  const { heapUsed, external, rss, resources } = await router.usage("collect");
  const { openSockets } = await upstream.ask(upstreamReportSchema, "report");
  const { counts } = await clients.ask(clientReportSchema, "report");
  const answers = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { seconds, heapUsed, external, rss, resources, upstreamSockets: openSockets, answers };
}

async function explain(upstream: Child, incidents: readonly Incident[]): Promise<ExplainedError[]> {
  const errors = incidents.filter(({ outcome }) => outcome === "failed");
  const marks = errors.map(({ mark }) => mark);
  const faults = await upstream.ask(z.array(struckSchema), "explain", { marks });
  return errors.map((error, index) => ({ ...error, faults: faults[index] ?? [] }));
}

/** Runs the router among faults, and looks at everything. */
export async function runSoak(settings: SoakSettings, progress: (line: string) => void): Promise<SoakResult> {
  const { milliseconds, seed, concurrency, accounts, maxSocketsPerAccount, faultShare, handshakeFaultMs } = settings;
  const upstream = startChild({ name: "soak-upstream", program: "bench/processes/soak-upstream.ts" });
  const listening = await upstream.ask(listeningSchema, "listen", { seed, accounts, faultShare, handshakeFaultMs });
  const codex = { ...listening, ...impatience, maxSocketsPerAccount };
  const router = await startRouter({
    name: "soak-router",
    providers: { codex },
    responses: { maxBytes: 4 * 1024 * 1024 },
    server: { keepAliveMs: 500, shutdownTimeoutMs: 3_000 },
    logLevel: "error",
  });
  const clients = startChild({ name: "soak-clients", program: "bench/processes/soak-clients.ts" });
  const { resources: resourcesBefore } = await router.child.usage("collect");

  const { origin } = router;
  const startedAt = performance.now();
  const taking = await clients.ask(z.array(z.string()), "start", { origin, seed, concurrency, milliseconds });
  progress(`Clients: ${taking.join(", ")}`);
  const samples: Sample[] = [];
  while (performance.now() - startedAt < milliseconds) {
    await pause(Math.min(settings.sampleMs, milliseconds - (performance.now() - startedAt)));
    const sample = await takeSample(router.child, upstream, clients, startedAt);
    samples.push(sample);
    progress(
      `${sample.seconds.toFixed(0)} s: ${sample.answers} requests, ${(sample.heapUsed / 1_048_576).toFixed(1)} MiB, ${sample.upstreamSockets} sockets`,
    );
  }
  const report = await clients.ask(clientReportSchema, "finish");
  await clients.stop();
  const { resources: resourcesAfter } = await router.child.usage("collect");
  const stoppedAt = performance.now();
  const ending = await router.child.stop();
  const endingMs = performance.now() - stoppedAt;
  await pause(200); // The upstream hears of the last goodbyes.
  const upstreamReport = await upstream.ask(upstreamReportSchema, "report");
  const errors = await explain(upstream, report.incidents);
  await upstream.stop();
  return {
    clients: taking,
    report,
    upstream: upstreamReport,
    errors,
    samples,
    resourcesBefore,
    resourcesAfter,
    ending,
    endingMs,
    openSockets: upstreamReport.openSockets,
    openStreams: upstreamReport.openStreams,
    internalErrors: readErrors(router.child.written()),
  };
}

const mostErrors = 20;

/** Lines of level `error`; requests that failed for a reason are warnings and not written here. */
function readErrors(log: string): string[] {
  return log
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .slice(0, mostErrors);
}
