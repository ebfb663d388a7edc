import { renderGoals, type Goal } from "../library/goal.ts";
import { renderMachine, type Machine } from "../library/machine.ts";
import { slope } from "../library/slope.ts";
import { formatNumber, renderTable } from "../library/table.ts";
import { faultTypes } from "./random-faults.ts";
import type { ExplainedError, SoakResult, SoakSettings } from "./run-soak.ts";
import { outcomes } from "./soak-protocol.ts";

export interface SoakReport extends SoakResult {
  readonly date: string;
  readonly machine: Machine;
  readonly settings: SoakSettings;
}

const mebibyte = 1_048_576;
/** Growth that still counts as none: less than the requests under way at the moment of a sample. */
const flatMebibytes = 8;
/** Share of the run in which caches fill and code is compiled. */
const fillingShare = 1 / 3;

/** What the router's memory would have grown by in the time looked at, in bytes, by the line that fits best. */
function growth({ samples }: SoakResult): { bytes: number; bytesPerMinute: number } {
  const last = samples.at(-1)?.seconds ?? 0;
  const settled = samples.filter(({ seconds }) => seconds >= last * fillingShare);
  if (settled.length < 2) return { bytes: 0, bytesPerMinute: 0 };
  const perSecond = slope(settled.map(({ seconds, heapUsed, external }) => ({ x: seconds, y: heapUsed + external })));
  return { bytes: perSecond * (last - (settled[0]?.seconds ?? 0)), bytesPerMinute: perSecond * 60 };
}

/**
 * Errors that no fault of their turn accounts for: there was none, or none that a client may notice. Limits of an account are set
 * aside: they outlast the request that hit them, by design.
 */
function unexplained(errors: readonly ExplainedError[]): readonly ExplainedError[] {
  const ofAccounts = new Set(["usage-limited", "rate-limited", "upstream-overloaded", "credential-unavailable"]);
  return errors.filter(
    ({ faults, code = "" }) => faults.every(({ mustRecover }) => mustRecover) && !ofAccounts.has(code),
  );
}

function none(what: string, count: number): Goal {
  return { what, wanted: "0", measured: formatNumber(count, 0), met: count === 0 };
}

export function judgeSoak(report: SoakReport): Goal[] {
  const { settings, upstream, ending, endingMs } = report;
  const { counts } = report.report;
  const cap = settings.accounts * settings.maxSocketsPerAccount;
  const grown = growth(report).bytes / mebibyte;
  const missing = faultTypes.filter((type) => upstream.faults[type] === undefined);
  return [
    none("answers lost", counts.lost),
    none("answers doubled", counts.doubled),
    none("answers wrong", counts.wrong),
    none(
      `conversations that reached the upstream otherwise than said (of ${upstream.histories})`,
      upstream.historyFaults.length,
    ),
    none("errors that no fault explains, or one that allowed an answer", unexplained(report.errors).length),
    none(
      "requests that broke a rule of the upstream",
      (upstream.outcomes["refused"] ?? 0) + (upstream.outcomes["handshake refused"] ?? 0),
    ),
    none("errors inside turnout", report.internalErrors.length),
    {
      what: "growth of live memory after the first third",
      wanted: `<= ${flatMebibytes} MiB`,
      measured: `${grown.toFixed(1)} MiB`,
      met: grown <= flatMebibytes,
    },
    {
      what: `sockets at a time, ${settings.accounts} accounts together (for a moment, closing ones included: ${upstream.mostSocketsSeen})`,
      wanted: `<= ${cap}`,
      measured: String(upstream.mostSockets),
      met: upstream.mostSockets <= cap,
    },
    {
      what: "the router ends by itself when asked to",
      wanted: "code 0",
      measured: ending.forced ? "killed" : `code ${ending.code}, ${endingMs.toFixed(0)} ms`,
      met: ending.code === 0 && !ending.forced,
    },
    none("sockets and streams left at the upstream", report.openSockets + report.openStreams),
    {
      what: "types of faults that struck",
      wanted: String(faultTypes.length),
      measured: missing.length === 0 ? String(faultTypes.length) : `all but ${missing.join(", ")}`,
      // A short run has no time for all.
      met: missing.length === 0 || settings.milliseconds < 120_000,
    },
  ];
}

function countTable(title: string, counts: Readonly<Record<string, number>>): string {
  const rows = Object.entries(counts).toSorted(([, left], [, right]) => right - left);
  return renderTable(
    [title, "count"],
    rows.map(([name, count]) => [name, formatNumber(count, 0).replace(".00", "")]),
  );
}

function countBy(errors: readonly ExplainedError[], name: (error: ExplainedError) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const error of errors) counts[name(error)] = (counts[name(error)] ?? 0) + 1;
  return counts;
}

function sampleTable({ samples }: SoakResult): string {
  return renderTable(
    ["s", "requests", "heap MiB", "buffers MiB", "RSS MiB", "sockets", "timers"],
    samples.map(({ seconds, answers, heapUsed, external, rss, upstreamSockets, resources }) => [
      seconds.toFixed(0),
      formatNumber(answers, 0),
      (heapUsed / mebibyte).toFixed(1),
      (external / mebibyte).toFixed(1),
      (rss / mebibyte).toFixed(0),
      String(upstreamSockets),
      String(resources["Timeout"] ?? 0),
    ]),
  );
}

function incidentList(report: SoakReport): string {
  const bad = report.report.incidents.filter(({ outcome }) => outcome !== "failed");
  const lines = [
    ...bad.map(({ mark, client, outcome, message }) => `- ${outcome}: ${client}, ${mark}: ${message}`),
    ...unexplained(report.errors).map(({ mark, client, code, message }) => `- ${client}, ${mark}: ${code}: ${message}`),
    ...report.upstream.historyFaults.map((fault) => `- at the upstream ${fault}`),
    ...report.upstream.refusals.map((refusal) => `- refused: ${refusal}`),
    ...report.internalErrors.map((line) => `- inside: ${line}`),
  ];
  if (lines.length === 0) return "None.";
  return lines.slice(0, 30).join("\n");
}

/** The whole result as Markdown. */
export function renderSoakReport(report: SoakReport): string {
  const { settings, machine, upstream, report: clients } = report;
  const minutes = settings.milliseconds / 60_000;
  const { bytesPerMinute } = growth(report);
  return `# Soak

${renderMachine(machine, report.date, `${minutes.toFixed(1)} minutes`)}
${settings.concurrency} conversations at a time, clients: ${report.clients.join(", ")}. Seed ${settings.seed}; a fault strikes ${(settings.faultShare * 100).toFixed(0)} % of the requests
to the upstream, and a handshake about every ${settings.handshakeFaultMs / 1_000} s. How to read this: [README](../README.md).

## Goals

${renderGoals(judgeSoak(report))}

## What became of the requests

${countTable("outcome", Object.fromEntries(outcomes.map((outcome) => [outcome, clients.counts[outcome]])))}

${countTable("way of an answer", clients.byWay)}

${countTable("client", clients.byClient)}

Errors in the client's own words, by code:

${countTable(
  "error",
  countBy(report.errors, ({ code = "?" }) => code),
)}

## What went wrong

${incidentList(report)}

## Faults

${countTable("fault", upstream.faults)}

${countTable("request at the upstream", upstream.outcomes)}

## Memory of the router, after garbage collections

${(bytesPerMinute / 1_024).toFixed(0)} KiB a minute after the first third.

${sampleTable(report)}

What kept it alive before the first request: ${JSON.stringify(report.resourcesBefore)}; when all clients had gone: ${JSON.stringify(report.resourcesAfter)}.
`;
}
