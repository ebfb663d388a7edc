import type { RecordedRequest } from "@turnout/sandbox";
import { createAnswerLedger } from "./answer-ledger.ts";
import type { Client, Line } from "./conversation.ts";
import { createConversationRun, type PlannedRequest } from "./conversation-run.ts";
import { Difference, judgeTurn } from "./judge-turn.ts";
import { createPostLine } from "./lines.ts";
import { createPlan, type Step } from "./plan.ts";
import { createRandom } from "./random.ts";
import type { Stage } from "./stage.ts";

/** How often each client's requests travelled each way: `fresh`, `reused`, `incremental`, or `none`. */
export type Travels = Map<string, Map<string, number>>;

export interface RunOptions {
  /** Each conversation begins with one of these, in turn. */
  readonly clients: readonly Client[];
  /** Programs that may take a conversation over. Default: those of the same format. */
  readonly others?: readonly Client[];
  /** What conversations may be called; `own` is a name of its own for each. */
  readonly sessions?: readonly (string | undefined)[];
  readonly seed: number;
  readonly turns: number;
  /** Of 100 requests so many meet a fault that the router has to make good. Default 0. */
  readonly faults?: number;
  /** Conversations that run at once. */
  readonly concurrency?: number;
}

export interface RunResult {
  readonly turns: number;
  /** Requests that the upstream refused on both roads. */
  readonly refused: number;
  readonly travels: Travels;
  readonly differences: readonly string[];
}

/** One conversation to run: the same seed and steps do the same. */
interface Conversation {
  readonly seed: number;
  readonly steps: readonly Step[];
  readonly client: Client;
  /** Goes into everything that is said, so that a conversation can be held again without being the same. */
  readonly take: number;
}

interface Failure {
  /** With the steps up to the one that showed it. */
  readonly conversation: Conversation;
  readonly reason: string;
}

const stepsEach = 14;
/** More would be the same story again. */
const mostDifferences = 5;
/** Tries to make a conversation that shows a difference shorter. */
const mostTries = 40;

/**
 * Runs random conversations until so many turns were judged, several conversations at once. A conversation that shows a
 * difference is told with its seed and its steps, and with the shortest list of steps that was found to show one by itself.
 */
export async function runPlans(stage: Stage, options: RunOptions): Promise<RunResult> {
  const ledger = createAnswerLedger();
  const refused = new Set<RecordedRequest>();
  const travels: Travels = new Map();
  const failures: Failure[] = [];
  const { clients, sessions = [undefined, "own"], concurrency = 8 } = options;
  let turns = 0;
  let answers = 0;
  let conversations = 0;

  /** @returns What differed, and the steps up to there; undefined when nothing did. */
  async function converse(conversation: Conversation): Promise<Failure | undefined> {
    const { seed, client, take } = conversation;
    const named = sessions.map((name) => (name === "own" ? `session-${seed}-${take}` : name));
    const run = createConversationRun({
      name: `${seed.toString(36)}t${take}`,
      seed,
      client,
      others: options.others ?? clients.filter((other) => other.wire === client.wire),
      session: createRandom(seed).pick(named),
      otherSessions: [...named, `other-${seed}-${take}`],
    });
    const lines = createLines();
    let at = 0;
    try {
      for (; at < conversation.steps.length; at += 1) {
        const step = conversation.steps[at];
        const judged = await Promise.all(
          (step === undefined ? [] : run.next(step)).map((asked) => judge(asked, lines)),
        );
        stage.refusals();
        const seen = judged.flat();
        if (seen.some(({ answer }) => answer === undefined)) break;
        for (const { asked, answer } of seen) if (answer !== undefined) run.answered(asked, answer);
      }
      return undefined;
    } catch (error) {
      return { conversation: { ...conversation, steps: conversation.steps.slice(0, at + 1) }, reason: reasonOf(error) };
    } finally {
      lines.close();
    }
  }

  async function judge(asked: PlannedRequest, lines: Lines) {
    answers += 1;
    const line = lines.of(asked.client);
    const judging = { stage, ledger, refused, line, faults: options.faults ?? 0 };
    const judged = await judgeTurn(asked, `a${answers}q`, judging);
    const counts = travels.get(asked.client.name) ?? new Map<string, number>();
    travels.set(asked.client.name, counts);
    for (const { session } of judged) {
      turns += 1;
      counts.set(session, (counts.get(session) ?? 0) + 1);
    }
    return judged.map(({ answer }) => ({ asked, answer }));
  }

  async function work(): Promise<void> {
    while (turns < options.turns && failures.length < mostDifferences) {
      const client = clients[conversations % clients.length];
      if (client === undefined) return;
      const seed = options.seed + conversations;
      conversations += 1;
      const failure = await converse({ seed, steps: createPlan(seed, stepsEach), client, take: 0 });
      if (failure !== undefined) failures.push(failure);
    }
  }

  /** Leaves out one step after another, as long as something still differs. */
  async function shortened(failure: Failure): Promise<string> {
    let shortest = failure;
    let tries = 0;
    let isAlone = false;
    for (let index = failure.conversation.steps.length - 1; index >= 0 && tries < mostTries; index -= 1) {
      tries += 1;
      const steps = shortest.conversation.steps.filter((_, at) => at !== index);
      const again = await converse({ ...failure.conversation, steps, take: tries });
      if (again !== undefined) shortest = again;
      isAlone ||= again !== undefined;
    }
    const short = isAlone ? `\n  shortest: ${describe(shortest)}` : "\n  does not happen with fewer steps by itself";
    return describe(failure) + short;
  }

  await Promise.all(Array.from({ length: concurrency }, work));
  const differences: string[] = [];
  const judged = turns;
  for (const failure of failures) differences.push(await shortened(failure));
  for (const record of stage.refusals()) {
    if (refused.has(record)) continue;
    const { status, transport, body } = record;
    differences.push(
      `The upstream refused a request over ${transport}: ${status} ${JSON.stringify(body).slice(0, 500)}`,
    );
  }
  return { turns: judged, refused: refused.size, travels, differences };
}

function reasonOf(error: unknown): string {
  if (error instanceof Difference) return error.message;
  return error instanceof Error ? String(error.stack) : String(error);
}

function describe({ conversation: { seed, client, steps }, reason }: Failure): string {
  const actions = steps.map(({ action }) => action).join(", ");
  return `seed ${seed}, begun by "${client.name}", [${actions}]: ${reason}`;
}

/** The lines of one conversation, one for each program that takes part. */
interface Lines {
  of(client: Client): Line;
  close(): void;
}

function createLines(): Lines {
  const lines = new Map<Client, Line>();
  return {
    of(client) {
      const line = lines.get(client) ?? client.openLine?.() ?? createPostLine(client.wire);
      lines.set(client, line);
      return line;
    },
    close() {
      for (const line of lines.values()) line.close();
    },
  };
}

export function describeTravels(travels: Travels): string {
  const lines = [...travels].toSorted(([left], [right]) => (left < right ? -1 : 1));
  return lines
    .map(([client, counts]) => `${client}: ${[...counts].map(([how, count]) => `${how} ${count}`).join(", ")}`)
    .join("\n");
}
