import { renderGoals } from "./library/goal.ts";
import { renderMachine, type Machine } from "./library/machine.ts";
import { formatNumber, renderTable } from "./library/table.ts";
import { judgeGoals, shareOfEventProxy } from "./goals.ts";
import { languages } from "./languages.ts";
import type { LatencyResult } from "./measures/latency.ts";
import type { LeaseResult } from "./measures/lease.ts";
import type { LongAnswerResult } from "./measures/long-answer.ts";
import type { MemoryResult } from "./measures/memory.ts";
import type { ThroughputResult } from "./measures/throughput.ts";
import { eventsOf } from "./scenario.ts";
import type { Measured, Settings } from "./run.ts";
import type { CodecResult, RoadResult } from "./run-languages.ts";

export interface Report extends Measured {
  readonly date: string;
  readonly machine: Machine;
  readonly mode: string;
  readonly settings: Settings;
}

function latencyTable(rows: readonly LatencyResult[]): string {
  return renderTable(
    ["way", "p50 ms", "p99 ms", "added p50 ms", "added p99 ms"],
    rows.map((row) => [row.name, ...[row.p50, row.p99, row.addedP50, row.addedP99].map((value) => value.toFixed(2))]),
  );
}

function throughputTable(rows: readonly ThroughputResult[]): string {
  return renderTable(
    ["way", "answers/s", "of upstream", "of byte proxy", "CPU µs/answer"],
    rows.map((row) => [
      row.name,
      formatNumber(row.answersPerSecond, 0),
      (row.ratios["upstream"] ?? 0).toFixed(2),
      (row.ratios["byte proxy"] ?? 0).toFixed(2),
      row.cpuPerAnswer === 0 ? "" : formatNumber(row.cpuPerAnswer, 0),
    ]),
  );
}

function eventsTable(rows: readonly ThroughputResult[]): string {
  return renderTable(
    ["way", "events/s (wall)", "of upstream", "of byte proxy", "events/s of its CPU"],
    rows.map((row) => [
      row.name,
      formatNumber(row.eventsPerSecond, 0),
      (row.ratios["upstream"] ?? 0).toFixed(2),
      (row.ratios["byte proxy"] ?? 0).toFixed(2),
      row.eventsPerCpuSecond === undefined ? "" : formatNumber(row.eventsPerCpuSecond, 0),
    ]),
  );
}

function memoryTable(rows: readonly MemoryResult[]): string {
  const kibibytes = (bytes: number) => formatNumber(bytes / 1_024, 1);
  return renderTable(
    ["way", "idle RSS MiB", "RSS KiB/stream", "after GC", "live KiB/stream"],
    rows.map((row) => [
      row.name,
      formatNumber(row.idleRss / 1_048_576, 1),
      kibibytes(row.rssPerStream),
      kibibytes(row.collectedRssPerStream),
      kibibytes(row.livePerStream),
    ]),
  );
}

/** Upstream's language down, client's across. */
function codecTable(rows: readonly CodecResult[]): string {
  const figure = (from: string, to: string | undefined) =>
    formatNumber(rows.find((row) => row.from === from && row.to === to)?.eventsPerSecond ?? 0, 0);
  return renderTable(
    ["upstream", "parsed only", ...languages.map(({ name }) => `to ${name}`)],
    languages.map(({ wire, name }) => [name, figure(wire, undefined), ...languages.map((to) => figure(wire, to.wire))]),
  );
}

function roadTable(rows: readonly RoadResult[], figure: (row: RoadResult) => number | undefined): string {
  const cell = (from: string, to: string | undefined) => {
    const row = rows.find((candidate) => candidate.from === from && candidate.to === to);
    return formatNumber((row && figure(row)) ?? 0, 0);
  };
  return renderTable(
    ["upstream", "event proxy", ...languages.map(({ name }) => `to ${name}`)],
    languages.map(({ name }) => [name, cell(name, undefined), ...languages.map((to) => cell(name, to.name))]),
  );
}

function straightTable({ roads, longRoads }: Report): string {
  const of = (rows: readonly RoadResult[], name: string, to: string | undefined) =>
    formatNumber(rows.find((row) => row.from === name && row.to === to)?.eventsPerCpuSecond ?? 0, 0);
  return renderTable(
    ["language", "300 events", "3,000: event proxy", "3,000: turnout", "3,000: share"],
    languages.map(({ name }) => [
      name,
      shareOfEventProxy(roads, name).toFixed(2),
      of(longRoads, name, undefined),
      of(longRoads, name, name),
      shareOfEventProxy(longRoads, name).toFixed(2),
    ]),
  );
}

function longAnswerTable(rows: readonly LongAnswerResult[]): string {
  const mebibytes = (bytes: number) => formatNumber(bytes / 1_048_576, 1);
  return renderTable(
    ["road", "to the client MB", "s", "idle MiB", "peak at 5 MB", "peak at 50 MB", "held MiB", "under way MiB"],
    rows.map((row) => [
      row.name,
      formatNumber(row.bytes / 1_000_000, 1),
      formatNumber(row.elapsedMs / 1_000, 1),
      mebibytes(row.idleRss),
      mebibytes(row.smallPeakRss),
      mebibytes(row.peakRss),
      mebibytes(row.heldBytes),
      mebibytes(row.underWayBytes),
    ]),
  );
}

function leaseTable(rows: readonly LeaseResult[]): string {
  return renderTable(
    ["strategy", "conversation", "accounts", "resting", "p50 µs", "p99 µs"],
    rows.map(({ strategy, conversation, accounts, resting, p50, p99 }) => [
      strategy,
      conversation,
      formatNumber(accounts),
      formatNumber(resting),
      formatNumber(p50, 1),
      formatNumber(p99, 1),
    ]),
  );
}

/** The whole result as Markdown. */
export function renderReport(report: Report): string {
  const { machine, settings, latency, throughput, events, memory } = report;
  return `# Benchmark

${renderMachine(machine, report.date, report.mode)}
Medians of ${settings.rounds} interleaved rounds. How to read this: [README](../README.md).

## Goals

${renderGoals(judgeGoals(report, settings))}

## Latency: chat, not streamed, concurrency 1

The upstream is the sandbox; its answer has ${eventsOf("short")} events. Added: beyond the upstream directly, round by round.

${latencyTable(latency)}

## Throughput: same-language Responses stream, concurrency ${settings.concurrency}

Sandbox as upstream:

${throughputTable(throughput.sandbox)}

Replay as upstream (next to no work, so that differences show in full):

${throughputTable(throughput.replay)}

## Events: answers of 300 events, concurrency ${settings.streamConcurrency}

Events as the upstream sends them. "Wall" is what came through while upstream, load and the process between shared
${machine.cores} cores; "of its CPU" is per second of CPU time of the process between alone, all its threads.

Replay as upstream:

${eventsTable(events.replay)}

Sandbox as upstream:

${eventsTable(events.sandbox)}

## Memory: ${settings.openStreams} streams standing still in the middle of an answer

Beyond the idle process, which is fresh and has answered 20 requests.

${memoryTable(memory)}

## The translator alone

Events per second of CPU time: text of the upstream in, text for the client out, no sockets; the diagonal passes untouched and is read along.

${codecTable(report.codec)}

## Every road through the router

Replay as upstream, answers of 300 events, ${settings.streamConcurrency} at a time. Events as the upstream sends them, per second of CPU time of the process between:

${roadTable(report.roads, ({ eventsPerCpuSecond }) => eventsPerCpuSecond)}

The same per second of wall time, upstream and client on the same ${machine.cores} cores:

${roadTable(report.roads, ({ eventsPerSecond }) => eventsPerSecond)}

Same language, of what the event proxy carries per second of CPU time:

${straightTable(report)}

## Answers of 50 MB

The client does not read for a while in the middle. "Held" is what the router then keeps alive beyond its idle state, after a garbage collection;
"under way" what the upstream has sent and the client not received, most of it in the buffers of the system.

${longAnswerTable(report.longAnswers)}

## Start with stored accounts

From the start of the process until it listens, medians: ${report.accountsStart.emptyMs.toFixed(0)} ms without an account,
${report.accountsStart.fullMs.toFixed(0)} ms with ${report.accountsStart.accounts}.

## Leases

An account chosen and taken, its stored credential leased, its success told; microseconds, in one process without a router.

${leaseTable(report.leases)}
`;
}
