import { isJsonObject } from "@turnout/core";
import { faults, type Fault, type Scenario } from "@turnout/sandbox";

/** A fault, where it strikes, and how often beside the others. */
interface WeightedFault {
  readonly fault: Fault;
  readonly weight: number;
  readonly transport?: "ws" | "http";
  /** On a socket nothing of the answer has been seen then, so that the request can be made again: no client may notice. */
  readonly isEarly?: true;
  /** Only requests that continue a response can be struck by it. */
  readonly needsAnchor?: true;
}

/** A fault that struck a request. */
export interface StruckFault {
  readonly type: string;
  /** No client may notice it. */
  readonly mustRecover: boolean;
}

const serverError = { type: "server_error", code: "server_error", message: "The server had an error." };

/** Every type of fault the sandbox has that can strike a request. */
const ofRequests: readonly WeightedFault[] = [
  { fault: faults.cut({ after: "request", how: "reset" }), weight: 3, isEarly: true },
  { fault: faults.cut({ after: "request", how: "close" }), weight: 2, isEarly: true },
  { fault: faults.cut({ after: "first-event", how: "reset" }), weight: 2 },
  { fault: faults.cut({ after: 5, atByte: 20, how: "reset" }), weight: 2 },
  { fault: faults.cut({ after: 6, how: 1006 }), weight: 1 },
  {
    fault: faults.cut({ after: "request", how: 1011, reason: "keepalive ping timeout" }),
    weight: 3,
    transport: "ws",
    isEarly: true,
  },
  { fault: faults.cut({ after: 4, how: 1011 }), weight: 2, transport: "ws" },
  { fault: faults.cut({ after: "request", how: 1012 }), weight: 2, transport: "ws", isEarly: true },
  { fault: faults.cut({ after: "request", how: 1013 }), weight: 1, transport: "ws", isEarly: true },
  { fault: faults.cut({ after: "request", how: 1000 }), weight: 1, transport: "ws", isEarly: true },
  { fault: faults.stall(0), weight: 1, isEarly: true },
  { fault: faults.stall(5), weight: 1 },
  { fault: faults.staleAnchor(), weight: 12, transport: "ws", isEarly: true, needsAnchor: true },
  { fault: faults.connectionLimit(), weight: 2, transport: "ws", isEarly: true },
  { fault: faults.overloaded(), weight: 2 },
  { fault: faults.overloaded(5), weight: 1 },
  { fault: faults.errorEvent({ status: 500, error: serverError, shape: "flat" }), weight: 2 },
  { fault: faults.errorEvent({ status: 500, error: serverError, shape: "body-error" }), weight: 1 },
  { fault: faults.errorEvent({ status: 503, error: serverError, shape: "status-code" }), weight: 1 },
  { fault: faults.errorEvent({ error: serverError, shape: "response.failed", afterEvents: 4 }), weight: 2 },
  { fault: faults.rateLimit({ resetsInSeconds: 1 }), weight: 1 },
  { fault: faults.malformed("broken-json"), weight: 1 },
  { fault: faults.malformed("binary"), weight: 1, transport: "ws" },
  { fault: faults.malformed("non-object"), weight: 1 },
  { fault: faults.malformed("wrong-type"), weight: 1 },
  { fault: faults.malformed("no-type", 0), weight: 1 },
  { fault: faults.html(403), weight: 3, transport: "http" },
  { fault: faults.html(502), weight: 3, transport: "http" },
  { fault: faults.http(500, { body: { error: serverError } }), weight: 6, transport: "http" },
  { fault: faults.http(503, { headers: { "retry-after": "1" } }), weight: 3, transport: "http" },
  { fault: faults.hang(), weight: 2, transport: "http" },
  { fault: faults.oneByteChunks(), weight: 3 },
  { fault: faults.extraAfterTerminal(), weight: 3 },
  { fault: faults.noTerminal(), weight: 2 },
  { fault: faults.unknownEvents(), weight: 4 },
];

/** The same for handshakes, which have no content a fault could be chosen by. */
const ofHandshakes: readonly WeightedFault[] = [
  { fault: faults.handshake(403, { html: true }), weight: 3 },
  { fault: faults.handshake(429, { headers: { "retry-after": "1" } }), weight: 2 },
  { fault: faults.handshake(500), weight: 3 },
  { fault: faults.handshake(503), weight: 3 },
  { fault: faults.html(403), weight: 2 },
  { fault: faults.hang(), weight: 1 },
  // Sockets are left alone for a minute after this one.
  { fault: faults.handshake(426), weight: 1 },
];

/**
 * Scenarios that strike `share` of all requests, for ever.
 *
 * @param struck - Hears of every fault, with the body of the request it strikes.
 */
export function requestFaults(
  share: number,
  random: () => number,
  struck: (fault: StruckFault, body: unknown) => void,
): Scenario[] {
  const sum = sumOf(ofRequests);
  return ofRequests.map(({ fault, weight, transport, isEarly = false, needsAnchor = false }): Scenario => ({
    fault,
    transport: transport ?? "any",
    times: Number.MAX_SAFE_INTEGER,
    match: (body) => {
      const strikes = random() < (share * weight) / sum && (!needsAnchor || hasAnchor(body));
      if (strikes) struck({ type: fault.type, mustRecover: isEarly && isFrame(body) }, body);
      return strikes;
    },
  }));
}

/** Only what comes over a socket has a type. */
function isFrame(body: unknown): boolean {
  return isJsonObject(body) && body.type === "response.create";
}

function hasAnchor(body: unknown): boolean {
  return isJsonObject(body) && typeof body.previous_response_id === "string";
}

/** A fault for the next handshake. */
export function handshakeFault(random: () => number): Scenario & { readonly fault: Fault } {
  let left = random() * sumOf(ofHandshakes);
  const struck = ofHandshakes.find(({ weight }) => (left -= weight) < 0);
  return { fault: struck?.fault ?? faults.handshake(500), transport: "ws" };
}

function sumOf(weighted: readonly WeightedFault[]): number {
  return weighted.reduce((total, { weight }) => total + weight, 0);
}

/** Types of faults of which a run of some length has to have seen all. */
export const faultTypes: readonly string[] = [
  ...new Set([...ofRequests.map(({ fault }) => fault.type), ...ofHandshakes.map(({ fault }) => fault.type)]),
].toSorted();
