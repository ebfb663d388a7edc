import type { Goal } from "./library/goal.ts";
import { formatNumber } from "./library/table.ts";
import type { ThroughputResult } from "./measures/throughput.ts";
import { languageOf } from "./recordings.ts";
import type { Measured, Settings } from "./run.ts";
import { eventProxyName, type RoadResult } from "./run-languages.ts";
import { languages, nameOfRoad } from "./languages.ts";

function byName<Row extends { readonly name: string }>(rows: readonly Row[], name: string): Row {
  const row = rows.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`Cannot report: there is no row "${name}"`);
  return row;
}

const mebibyte = 1_048_576;
/** Growth of the router while 50 MB pass, beyond what 5 MB take, that still counts as none: less than a garbage collection moves it. */
const constantMebibytes = 16;

/** The figures the router has to reach, from issue to measurement. */
export function judgeGoals(measured: Measured, settings: Settings): Goal[] {
  return [...firstJourney(measured, settings), ...fourLanguages(measured), startOf(measured), leaseOf(measured)];
}

function startOf({ accountsStart: { accounts, addedMs } }: Measured): Goal {
  return {
    what: `start with ${formatNumber(accounts)} stored accounts, beyond one with none`,
    wanted: "<= 300 ms",
    measured: `${addedMs.toFixed(0)} ms`,
    met: addedMs <= 300,
  };
}

function leaseOf({ leases }: Measured): Goal {
  const slowest = leases.reduce((left, right) => (right.p50 > left.p50 ? right : left));
  return {
    what: `lease of a credential from a pool of 1,000, p50 of the slowest of ${leases.length} ways (${slowest.strategy}, ${slowest.conversation} conversation)`,
    wanted: "<= 20 µs",
    measured: `${slowest.p50.toFixed(1)} µs`,
    met: slowest.p50 <= 20,
  };
}

function firstJourney({ latency, throughput, events, memory }: Measured, settings: Settings): Goal[] {
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

function fourLanguages({ codec, roads, longRoads, longAnswers }: Measured): Goal[] {
  const alone = lowest(
    codec
      .filter(({ from, to }) => to !== undefined && to !== from)
      .map(({ from, to = from, eventsPerSecond }) => ({
        name: nameOfRoad(languageOf(from), languageOf(to)),
        value: eventsPerSecond,
      })),
  );
  const routed = lowest(
    roads
      .filter(({ from, to }) => to !== undefined && to !== from)
      .map(({ name, eventsPerCpuSecond = 0 }) => ({ name, value: eventsPerCpuSecond })),
  );
  const growth = longAnswers.map(({ name, peakRss, smallPeakRss }) => ({
    name,
    value: (peakRss - smallPeakRss) / mebibyte,
  }));
  const most = highest(growth);
  const held = highest(longAnswers.map(({ name, heldBytes }) => ({ name, value: heldBytes / mebibyte })));
  return [
    {
      what: `slowest of the twelve translations, translator alone (${alone.name}), events per second of CPU`,
      wanted: ">= 120,000",
      measured: formatNumber(alone.value),
      met: alone.value >= 120_000,
    },
    {
      what: `slowest of the twelve translations, through the router (${routed.name}), events per second of its CPU`,
      wanted: ">= 120,000",
      measured: formatNumber(routed.value),
      met: routed.value >= 120_000,
    },
    ofEventProxy(roads, "300 events"),
    ofEventProxy(longRoads, "3,000 events"),
    {
      what: `growth of the router while 50 MB pass, beyond that of 5 MB, largest of ${growth.length} roads (${most.name})`,
      wanted: `<= ${constantMebibytes} MiB`,
      measured: `${most.value.toFixed(1)} MiB`,
      met: most.value <= constantMebibytes,
    },
    {
      what: `held while the client of such an answer does not read, after GC (${held.name})`,
      wanted: `<= ${constantMebibytes} MiB`,
      measured: `${held.value.toFixed(1)} MiB`,
      met: held.value <= constantMebibytes,
    },
  ];
}

/** Straight roads against the proxy that only parses the events and writes them again, per second of CPU time. */
function ofEventProxy(roads: readonly RoadResult[], answers: string): Goal {
  const worst = lowest(
    languages.map((language) => ({ name: language.name, value: shareOfEventProxy(roads, language.name) })),
  );
  return {
    what: `same language, of a copy that parses SSE, per CPU second, lowest of four (${worst.name}), answers of ${answers}`,
    wanted: ">= 0.8",
    measured: worst.value.toFixed(2),
    met: worst.value >= 0.8,
  };
}

export function shareOfEventProxy(roads: readonly RoadResult[], name: string): number {
  const language = languages.find((candidate) => candidate.name === name);
  if (language === undefined) return 0;
  const proxy = byName(roads, eventProxyName(language)).eventsPerCpuSecond ?? 0;
  return (byName(roads, nameOfRoad(language, language)).eventsPerCpuSecond ?? 0) / proxy;
}

interface Named {
  readonly name: string;
  readonly value: number;
}

function lowest(values: readonly Named[]): Named {
  return values.reduce((best, candidate) => (candidate.value < best.value ? candidate : best));
}

function highest(values: readonly Named[]): Named {
  return values.reduce((best, candidate) => (candidate.value > best.value ? candidate : best));
}
