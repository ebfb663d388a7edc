import type { JsonValue } from "@turnout/core";
import type { z } from "zod";
import { scenarioSchema, type ParsedFault } from "./script/fault-schema.ts";
import type { AnswerScript } from "./script/schema.ts";

/** What the next matching request gets: an answer, a fault, or both. */
export type Scenario = z.input<typeof scenarioSchema> & {
  /** True for bodies it is for; of a socket the whole message. Default: all. Not asked for handshakes. */
  readonly match?: (body: JsonValue) => boolean;
};

export interface TakenScenario {
  readonly answer: AnswerScript | undefined;
  readonly fault: ParsedFault | undefined;
}

export interface ScenarioQueue {
  add(scenario: Scenario): void;
  /** The fault for the next handshake, when the first scenario that concerns handshakes has one. */
  takeForHandshake(): ParsedFault | undefined;
  takeForRequest(transport: "ws" | "http", body: JsonValue): TakenScenario | undefined;
}

interface QueuedScenario extends TakenScenario {
  readonly transport: "ws" | "http" | "any";
  readonly match: ((body: JsonValue) => boolean) | undefined;
  remaining: number;
}

const maximumQueued = 10_000;

type Stage = "handshake" | "ws" | "http";

/** Where a fault can act. Without one, a scenario acts on requests. */
function stages(fault: ParsedFault | undefined): readonly Stage[] {
  switch (fault?.type) {
    case "handshake":
      return ["handshake"];
    case "http":
      return ["http"];
    case "hang":
    case "html":
      return ["handshake", "http"];
    default:
      return ["ws", "http"];
  }
}

function actsAt({ transport, fault }: QueuedScenario, stage: Stage): boolean {
  const allowed = transport === "any" || (transport === "http") === (stage === "http");
  return allowed && stages(fault).includes(stage);
}

export function createScenarioQueue(): ScenarioQueue {
  const queue: QueuedScenario[] = [];

  function take(stage: Stage, body: JsonValue | undefined): QueuedScenario | undefined {
    const index = queue.findIndex(
      (each) => actsAt(each, stage) && (each.match === undefined || body === undefined || each.match(body)),
    );
    const scenario = queue[index];
    if (scenario === undefined) return undefined;
    scenario.remaining -= 1;
    if (scenario.remaining <= 0) queue.splice(index, 1);
    return scenario;
  }

  return {
    add({ match, ...fields }) {
      const { transport, fault, times } = scenarioSchema.parse(fields);
      // The object the caller holds, not zod's copy: its events are then rendered once for all its scenarios.
      const queued: QueuedScenario = { transport, answer: fields.answer, fault, match, remaining: times };
      if (!(["handshake", "ws", "http"] as const).some((stage) => actsAt(queued, stage))) {
        throw new RangeError(`Cannot queue scenario: fault '${fault?.type}' never happens over '${transport}'`);
      }
      if (queue.length >= maximumQueued) {
        throw new RangeError(`Cannot queue scenario: ${maximumQueued} are waiting already`);
      }
      queue.push(queued);
    },
    takeForHandshake: () => take("handshake", undefined)?.fault,
    takeForRequest: (transport, body) => (queue.length === 0 ? undefined : take(transport, body)),
  };
}
