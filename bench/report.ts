import { formatNumber, renderTable } from "./library/table.ts";
import type { LatencyResult } from "./measures/latency.ts";
import type { MemoryResult } from "./measures/memory.ts";
import type { ThroughputResult } from "./measures/throughput.ts";
import { eventsOf } from "./scenario.ts";
import type { Measured, Settings } from "./run.ts";

export interface Report extends Measured {
  readonly date: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly node: string;
    readonly platform: string;
    /** Load average of the last minute when the run began: what else the machine was doing. */
    readonly loadBefore: number;
  };
  readonly mode: string;
  readonly settings: Settings;
}

interface Goal {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean;
}

function byName<Row extends { readonly name: string }>(rows: readonly Row[], name: string): Row {
  const row = rows.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`Cannot report: there is no row "${name}"`);
  return row;
}

/** The figures the router has to reach, from issue to measurement. */
function goals({ latency, throughput, events, memory, settings }: Report): Goal[] {
  const added = byName(latency, "turnout, codex-http").addedP50;
  const ratio = (rows: readonly ThroughputResult[]) => byName(rows, "turnout, codex-http").ratios["byte proxy"] ?? 0;
  const translated = byName(events.replay, "turnout, Responses -> Chat").eventsPerCpuSecond ?? 0;
  const memories = memory.filter(({ name }) => name.startsWith("turnout"));
  const largest = Math.max(...memories.map(({ rssPerStream }) => rssPerStream)) / 1_024;
  return [
    {
      what: "added p50, chat not streamed, codex-http, concurrency 1",
      wanted: "<= 0.7 ms",
      measured: `${added.toFixed(2)} ms`,
      met: added <= 0.7,
    },
    {
      what: `same language at ${settings.concurrency}, of the byte proxy (sandbox upstream)`,
      wanted: ">= 0.5",
      measured: ratio(throughput.sandbox).toFixed(2),
      met: ratio(throughput.sandbox) >= 0.5,
    },
    {
      what: `same language at ${settings.concurrency}, of the byte proxy (replay upstream, stricter)`,
      wanted: ">= 0.5",
      measured: ratio(throughput.replay).toFixed(2),
      met: ratio(throughput.replay) >= 0.5,
    },
    {
      what: "translated Responses -> Chat, events per second of router CPU",
      wanted: ">= 150,000",
      measured: formatNumber(translated),
      met: translated >= 150_000,
    },
    {
      what: `memory per open stream at ${settings.openStreams}, largest of four ways`,
      wanted: "<= 100 KiB",
      measured: `${formatNumber(largest, 1)} KiB`,
      met: largest <= 100,
    },
  ];
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

/** The whole result as Markdown. */
export function renderReport(report: Report): string {
  const { machine, settings, latency, throughput, events, memory, codec } = report;
  const goalRows = goals(report).map(({ what, wanted, measured, met }) => [what, wanted, measured, met ? "yes" : "NO"]);
  const codecRows = [
    ["Server-Sent Events parsed", codec.parse],
    ["same language: parsed, read along, written", codec.passThrough],
    ["Responses -> Chat: parsed, translated, written", codec.translate],
  ] as const;
  return `# Benchmark

${report.date}, ${report.mode} mode. ${machine.cores} x ${machine.cpu}, Node ${machine.node}, ${machine.platform}.
Load average before the run: ${machine.loadBefore.toFixed(1)}${machine.loadBefore > 1 ? ` - BUSY: other programs ran beside this, so read ratios with care and absolute figures not at all` : ""}.
Medians of ${settings.rounds} interleaved rounds. How to read this: [README](../README.md).

## Goals

${renderTable(["what", "goal", "measured", "met"], goalRows)}

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

${renderTable(
  ["what", "events/s of CPU"],
  codecRows.map(([name, value]) => [name, formatNumber(value, 0)]),
)}
`;
}
