import { renderGoals, type Goal } from "../library/goal.ts";
import { renderMachine, type Machine } from "../library/machine.ts";
import { median } from "../library/statistics.ts";
import { formatNumber, renderTable } from "../library/table.ts";
import { turns as turnCount } from "./agent-script.ts";
import { msPerMegabyte, type HashingResult } from "./measure-hashing.ts";
import type { IdleResult } from "./measure-idle.ts";
import {
  addedMs,
  bytesOf,
  clientLanguages,
  conversationsWith,
  laterTurns,
  type ClientLanguage,
  type TurnSettings,
  type Way,
  type WayResult,
} from "./measure-turns.ts";

export interface SessionReport {
  readonly date: string;
  readonly machine: Machine;
  readonly mode: string;
  readonly settings: TurnSettings;
  readonly turns: readonly WayResult[];
  readonly hashing: readonly HashingResult[];
  readonly idle: readonly IdleResult[];
}

const kibibyte = 1_024;
/** TCP, TLS 1.3, upgrade. */
const handshakeRoundTrips = 3;
const mostOfHttpBytes = 0.1;
const mostMsPerMegabyte = 1;
const mostIdleKibibytes = 32;

const names: Readonly<Record<Way, string>> = {
  direct: "no turnout, HTTP",
  http: "(a) HTTP",
  fresh: "(b) a fresh socket for each request",
  sessions: "(c) sessions",
};
const clientNames: Readonly<Record<ClientLanguage, string>> = { responses: "Responses", chat: "Chat" };

function resultOf({ turns }: SessionReport, language: ClientLanguage, way: Way): WayResult {
  const found = turns.find((result) => result.language === language && result.way === way);
  if (found === undefined) throw new Error(`Cannot report: nothing was measured of ${language} over ${way}`);
  return found;
}

/** Bytes over sessions, of those over HTTP. */
function byteShare(report: SessionReport, language: ClientLanguage, equipmentBytes: number): number {
  const bytes = (way: Way) => bytesOf(resultOf(report, language, way), equipmentBytes);
  return bytes("sessions") / bytes("http");
}

/** What a session saved against a fresh socket, turn by turn after the first, medians over the rounds. */
function savedMs(report: SessionReport, language: ClientLanguage): number[] {
  const { settings } = report;
  const byTurn = (way: Way) => {
    const conversations = conversationsWith(resultOf(report, language, way), settings.equipmentBytes);
    return Array.from({ length: turnCount - 1 }, (_, index) =>
      median(
        conversations.flatMap(({ turns }) =>
          turns.slice(index + 1, index + 2).map((turn) => addedMs(turn, settings.roundTripMs)),
        ),
      ),
    );
  };
  const fresh = byTurn("fresh");
  return byTurn("sessions").map((milliseconds, index) => (fresh[index] ?? 0) - milliseconds);
}

/** Later turns of (c) that did not go on from what the upstream remembered: then nothing else here means much. */
function notIncremental(result: WayResult, equipmentBytes: number): number {
  return laterTurns(result, equipmentBytes).filter(({ session }) => session !== "incremental").length;
}

/** The figures sessions have to reach, from issue to measurement. */
function judgeSessions(report: SessionReport): Goal[] {
  const { settings, hashing, idle } = report;
  const { equipmentBytes, roundTripMs } = settings;
  return [
    ...clientLanguages.flatMap((language) => {
      const client = clientNames[language];
      const share = byteShare(report, language, equipmentBytes);
      const saved = savedMs(report, language);
      const enough = saved.filter((milliseconds) => milliseconds >= handshakeRoundTrips * roundTripMs).length;
      const middle = median(saved) / roundTripMs;
      return [
        {
          what: `${client} client: bytes towards the upstream over sessions, of those over HTTP`,
          wanted: `<= ${mostOfHttpBytes * 100} %`,
          measured: `${(share * 100).toFixed(1)} %`,
          met: share <= mostOfHttpBytes,
        },
        {
          what: `${client} client: round trips saved by a session on a turn after the first (on ${enough} of ${saved.length} turns enough)`,
          wanted: `>= ${handshakeRoundTrips}`,
          measured: middle.toFixed(2),
          met: middle >= handshakeRoundTrips,
        },
      ];
    }),
    ...hashing.map((result) => ({
      what: `recognising a history of ${formatNumber(result.bytes / kibibyte, 0)} KiB, CPU time per MB`,
      wanted: `<= ${mostMsPerMegabyte} ms`,
      measured: `${msPerMegabyte(result).toFixed(2)} ms`,
      met: msPerMegabyte(result) <= mostMsPerMegabyte,
    })),
    ...idle
      .filter(({ isJudged }) => isJudged)
      .map((result) => ({
        what: `memory of an idle session beyond its socket, ${formatNumber(result.sessions, 0)} of them (${clientNames[result.language]})`,
        wanted: `<= ${mostIdleKibibytes} KiB`,
        measured: `${(result.beyondBytes / kibibyte).toFixed(1)} KiB${isWhole(result) ? "" : `, but only ${result.openSockets} were open`}`,
        met: result.beyondBytes <= mostIdleKibibytes * kibibyte && isWhole(result),
      })),
  ];
}

/** Every conversation has its socket. */
function isWhole({ openSockets, sessions }: IdleResult): boolean {
  return openSockets >= sessions;
}

function turnTable(report: SessionReport, language: ClientLanguage): string {
  const { equipmentBytes, roundTripMs } = report.settings;
  const milliseconds = (values: readonly number[]) => median(values).toFixed(1);
  return renderTable(
    [
      "way",
      "first event ms",
      "turn ms",
      "upstream ms",
      "added ms",
      "round trips",
      "bytes sent",
      "of (a)",
      "incremental",
    ],
    report.turns
      .filter((result) => result.language === language)
      .map((result) => {
        const turns = laterTurns(result, equipmentBytes);
        const added = turns.map((turn) => addedMs(turn, roundTripMs));
        const share = bytesOf(result, equipmentBytes) / bytesOf(resultOf(report, language, "http"), equipmentBytes);
        const incremental = turns.length - notIncremental(result, equipmentBytes);
        return [
          names[result.way],
          milliseconds(turns.map(({ firstEventMs, upstreamFirstMs }) => firstEventMs - upstreamFirstMs)),
          milliseconds(turns.map(({ turnMs }) => turnMs)),
          milliseconds(turns.map(({ upstreamMs }) => upstreamMs)),
          milliseconds(added),
          (median(added) / roundTripMs).toFixed(2),
          formatNumber(bytesOf(result, equipmentBytes), 0),
          `${(share * 100).toFixed(1)} %`,
          result.way === "sessions" ? `${incremental} of ${turns.length}` : "",
        ];
      }),
  );
}

function heavyTable(report: SessionReport): string {
  const { equipmentBytes, heavyEquipmentBytes } = report.settings;
  return renderTable(
    ["client", ...[equipmentBytes, heavyEquipmentBytes].map((bytes) => `with ${formatNumber(bytes, 0)} bytes`)],
    clientLanguages.map((language) => [
      clientNames[language],
      ...[equipmentBytes, heavyEquipmentBytes].map(
        (bytes) => `${(byteShare(report, language, bytes) * 100).toFixed(1)} %`,
      ),
    ]),
  );
}

/** Bytes as the router itself logs them, without TLS, frames and headers. */
function loggedTable(report: SessionReport): string {
  return renderTable(
    ["way", "requests", "sent", "in full", "share"],
    report.turns.flatMap(({ language, way, logged }) => {
      if (logged.length === 0) return [];
      const sum = (field: "sentBytes" | "fullBytes") => logged.reduce((total, each) => total + each[field], 0);
      const [sent, full] = [sum("sentBytes"), sum("fullBytes")];
      return [
        [
          `${clientNames[language]}, ${names[way]}`,
          String(logged.length),
          formatNumber(sent, 0),
          formatNumber(full, 0),
          `${((sent / full) * 100).toFixed(1)} %`,
        ],
      ];
    }),
  );
}

function hashingTable({ hashing }: SessionReport): string {
  return renderTable(
    ["history", "items", "ms a request", "ms per MB", "of it SHA-256 alone"],
    hashing.map((result) => [
      `${formatNumber(result.bytes / kibibyte, 0)} KiB`,
      String(result.items),
      result.milliseconds.toFixed(2),
      msPerMegabyte(result).toFixed(2),
      (result.hashMilliseconds / (result.bytes / 1_000_000)).toFixed(2),
    ]),
  );
}

function idleTable({ idle }: SessionReport): string {
  return renderTable(
    ["client", "sessions", "requests of each", "history KiB", "open", "KiB each", "bare socket KiB", "beyond KiB"],
    idle.map((result) => [
      clientNames[result.language],
      formatNumber(result.sessions, 0),
      String(result.requests),
      (result.historyBytes / kibibyte).toFixed(0),
      formatNumber(result.openSockets, 0),
      ...[result.sessionBytes, result.socketBytes, result.beyondBytes].map((bytes) => (bytes / kibibyte).toFixed(1)),
    ]),
  );
}

function largestHistory(report: SessionReport, language: ClientLanguage): string {
  const turn = conversationsWith(resultOf(report, language, "http"), report.settings.equipmentBytes)[0]?.turns.at(-1);
  return `${formatNumber((turn?.historyBytes ?? 0) / 1_000, 0)} KB`;
}

/** The whole result as Markdown. */
export function renderSessionReport(report: SessionReport): string {
  const { machine, settings } = report;
  return `# Sessions

${renderMachine(machine, report.date, report.mode)}
An agent of ${turnCount} turns with tool calls, ${formatNumber(settings.equipmentBytes, 0)} bytes of instructions and tools; the upstream ${settings.roundTripMs} ms away, behind TLS.
Medians of ${settings.rounds} interleaved conversations of each way. How to read this: [README](../README.md).

## Goals

${renderGoals(judgeSessions(report))}

${clientLanguages
  .map(
    (
      language,
    ) => `## Turns after the first: ${clientNames[language]} client, history growing to ${largestHistory(report, language)}

"First event" is without what the upstream took until then. "Added" is the turn without what the upstream itself took and without one
round trip. Bytes are those of a whole conversation on the way to the upstream, TLS included.

${turnTable(report, language)}`,
  )
  .join("\n\n")}

## Bytes over sessions, of those over HTTP

Instructions and tools travel with every request, also on a session.

${heavyTable(report)}

What the routers logged of their requests, all conversations together, warm-up included:

${loggedTable(report)}

## Recognising a conversation

CPU time for one request that continues a conversation: hashing its history, finding and comparing what is remembered.

${hashingTable(report)}

## Idle sessions

JavaScript heap and buffers after a garbage collection, beyond a process that has a few already.

${idleTable(report)}
`;
}
