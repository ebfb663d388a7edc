import { stopChildren } from "../library/child.ts";
import { describeMachine } from "../library/machine.ts";
import { keepResults } from "../library/results.ts";
import { measureHashing } from "./measure-hashing.ts";
import { measureIdle, type IdleResult, type IdleSettings } from "./measure-idle.ts";
import { measureTurns, type TurnSettings } from "./measure-turns.ts";
import { renderSessionReport } from "./session-report.ts";

export interface SessionBenchOptions {
  readonly isQuick: boolean;
  readonly progress: (line: string) => void;
}

interface SessionSettings extends TurnSettings {
  /** Conversations that rest while memory is looked at. */
  readonly idle: readonly IdleSettings[];
}

const full: SessionSettings = {
  roundTripMs: 40,
  rounds: 5,
  warmUpRounds: 10,
  equipmentBytes: 7_000,
  heavyEquipmentBytes: 24_000,
  idle: [
    // As many as the goal names; each brings its history along and goes on from it.
    { sessions: 2_000, language: "responses", pastTurns: 28, requests: 2, isJudged: true },
    // Fewer, that have said all of it here: of these clients reasoning is kept, since they cannot carry it.
    { sessions: 200, language: "chat", pastTurns: 0, requests: 30, isJudged: false },
  ],
};
const quick: SessionSettings = {
  ...full,
  rounds: 1,
  warmUpRounds: 2,
  idle: full.idle.map((settings) => ({ ...settings, sessions: settings.sessions / 10 })),
};

/** What sessions save on the way to the upstream, and what they hold while nobody uses them. */
export async function benchSessions({ isQuick, progress }: SessionBenchOptions): Promise<void> {
  const settings = isQuick ? quick : full;
  const machine = describeMachine();
  try {
    const turns = await measureTurns(settings, progress);
    progress("Hashing of histories");
    const hashing = await measureHashing();
    const idle: IdleResult[] = [];
    for (const resting of settings.idle) {
      progress(`Memory of ${resting.sessions} sessions that rest`);
      idle.push(await measureIdle(resting));
    }
    const report = {
      date: new Date().toISOString(),
      machine,
      mode: isQuick ? "quick" : "full",
      settings,
      turns,
      hashing,
      idle,
    };
    keepResults("sessions", report, renderSessionReport(report));
  } finally {
    await stopChildren();
  }
}
