/** The sandbox of the soak: it strikes some requests with faults, and looks whether the conversations it is asked are whole. */
import { createSandbox } from "@turnout/sandbox";
import { z } from "zod";
import { createRandom } from "../library/random.ts";
import { serveCommands } from "../library/serve-commands.ts";
import { findHistoryFault, marksIn } from "../soak/history.ts";
import { handshakeFault, requestFaults, type StruckFault } from "../soak/random-faults.ts";
import type { UpstreamReport } from "../soak/soak-protocol.ts";

const listenSchema = z.object({
  seed: z.int(),
  accounts: z.int().positive(),
  /** Of all requests, 0 to 1. */
  faultShare: z.number().min(0).max(1),
  /** Milliseconds between two handshakes that are struck, about. */
  handshakeFaultMs: z.number().positive(),
});
const explainSchema = z.object({ marks: z.array(z.string()) });

const lookMs = 20;
/** Looks in a row at which there have to be more sockets than allowed to count. */
const looksThatCount = 25;
/** Kept of each kind of complaint. */
const mostExamples = 50;

const sandbox = await createSandbox({ maxRecordedRequests: 5_000 });
const faults: Record<string, number> = {};
const faultsByMark = new Map<string, StruckFault[]>();
const outcomes: Record<string, number> = {};
const refusals: string[] = [];
const historyFaults: string[] = [];
const looked = new WeakSet<object>();
const settled = new WeakSet<object>();
let histories = 0;
/** Sockets at the last looks: one that was closed at the other end is open here a moment longer. */
let lately: number[] = [];
let mostSockets = 0;
let mostSocketsSeen = 0;
let handshakes = 0;
let handshakesStruck = 0;

function struck(fault: StruckFault, body: unknown): void {
  faults[fault.type] = (faults[fault.type] ?? 0) + 1;
  // Of a continuation, too, the last mark is that of the turn in hand.
  const mark = marksIn(JSON.stringify(body)).at(-1) ?? "";
  faultsByMark.set(mark, [...(faultsByMark.get(mark) ?? []), fault]);
}

function keep(examples: string[], example: string): void {
  if (examples.length < mostExamples) examples.push(example);
}

/** The next handshake is struck, unless one waits for it already. */
function strikeHandshake(random: () => number): void {
  if (handshakesStruck > handshakes) return;
  handshakesStruck = handshakes + 1;
  const scenario = handshakeFault(random);
  const { type } = scenario.fault;
  faults[type] = (faults[type] ?? 0) + 1;
  sandbox.script(scenario);
}

/** Looks at every request once when it is understood, and once when it is over. */
function look(): void {
  mostSocketsSeen = Math.max(mostSocketsSeen, sandbox.openSockets);
  lately = [...lately.slice(-looksThatCount + 1), sandbox.openSockets];
  if (lately.length === looksThatCount) mostSockets = Math.max(mostSockets, Math.min(...lately));
  for (const request of sandbox.requests) {
    const { kind, input, outcome, status, transport, body } = request;
    if (kind === "handshake" && !looked.has(request)) {
      looked.add(request);
      handshakes += 1;
    }
    if (input !== undefined && !looked.has(request)) {
      looked.add(request);
      histories += 1;
      const fault = findHistoryFault(input);
      if (fault !== undefined) keep(historyFaults, `over ${transport}: ${fault}`);
    }
    if (outcome === "pending" || settled.has(request)) continue;
    settled.add(request);
    const name = kind === "handshake" ? `handshake ${outcome}` : outcome;
    outcomes[name] = (outcomes[name] ?? 0) + 1;
    if (outcome === "refused")
      keep(refusals, `${kind} over ${transport}: ${status}, ${JSON.stringify(body)?.slice(0, 300)}`);
  }
}

serveCommands({
  listen(parameters) {
    const { seed, accounts, faultShare, handshakeFaultMs } = listenSchema.parse(parameters);
    const random = createRandom(seed);
    for (const scenario of requestFaults(faultShare, random, struck)) sandbox.script(scenario);
    setInterval(look, lookMs);
    if (faultShare > 0) setInterval(() => strikeHandshake(random), handshakeFaultMs);
    return {
      baseUrl: sandbox.codexBaseUrl,
      accounts: Array.from({ length: accounts }, () => {
        const { accessToken, accountId } = sandbox.createAccount();
        return { accessToken, accountId };
      }),
    };
  },
  /** The faults that struck the turns of these marks. */
  explain: (parameters) => explainSchema.parse(parameters).marks.map((mark) => faultsByMark.get(mark) ?? []),
  report(): UpstreamReport {
    look();
    const { openSockets, openStreams } = sandbox;
    return {
      faults,
      outcomes,
      refusals,
      histories,
      historyFaults,
      mostSockets,
      mostSocketsSeen,
      openSockets,
      openStreams,
    };
  },
});
