import type { Fault } from "./fault-schema.ts";
import type { AnswerScript, AnswerStep } from "./schema.ts";

type StepOptions<T extends AnswerStep["type"]> = Omit<Extract<AnswerStep, { type: T }>, "type">;
type CallStep = Extract<AnswerStep, { type: "function-call" | "custom-tool-call" }>;

/** An answer of these steps that completes. */
export function answer(...steps: readonly AnswerStep[]): AnswerScript {
  return { steps: [...steps] };
}

/** Steps of an answer by name. */
export const say = {
  text: (text: string, options: Omit<StepOptions<"text">, "text"> = {}): AnswerStep => ({
    type: "text",
    text,
    ...options,
  }),
  json: (value: StepOptions<"json">["value"], options: Omit<StepOptions<"json">, "value"> = {}): AnswerStep => ({
    type: "json",
    value,
    ...options,
  }),
  refusal: (refusal: string, options: Omit<StepOptions<"refusal">, "refusal"> = {}): AnswerStep => ({
    type: "refusal",
    refusal,
    ...options,
  }),
  /** Each string is one summary part. */
  reasoning: (
    summary: string | readonly string[],
    options: Omit<StepOptions<"reasoning">, "summary"> = {},
  ): AnswerStep => ({ type: "reasoning", summary: typeof summary === "string" ? [summary] : [...summary], ...options }),
  call: (
    name: string,
    callArguments: StepOptions<"function-call">["arguments"] = {},
    options: Omit<StepOptions<"function-call">, "name" | "arguments"> = {},
  ): CallStep => ({ type: "function-call", name, arguments: callArguments, ...options }),
  customCall: (
    name: string,
    input: string,
    options: Omit<StepOptions<"custom-tool-call">, "name" | "input"> = {},
  ): CallStep => ({ type: "custom-tool-call", name, input, ...options }),
  parallel: (calls: readonly CallStep[], options: Omit<StepOptions<"parallel">, "calls"> = {}): AnswerStep => ({
    type: "parallel",
    calls: [...calls],
    ...options,
  }),
  webSearch: (query: string): AnswerStep => ({ type: "web-search", query }),
  compaction: (): AnswerStep => ({ type: "compaction" }),
  silence: (milliseconds: number): AnswerStep => ({ type: "silence", milliseconds }),
  keepAlive: (count = 1): AnswerStep => ({ type: "keep-alive", count }),
  raw: (event: StepOptions<"raw">["event"]): AnswerStep => ({ type: "raw", event }),
};

type FaultOptions<T extends Fault["type"]> = Omit<Extract<Fault, { type: T }>, "type">;

/** Faults by name. */
export const faults = {
  handshake: (status: number, options: Omit<FaultOptions<"handshake">, "status"> = {}): Fault => ({
    type: "handshake",
    status,
    ...options,
  }),
  http: (status: number, options: Omit<FaultOptions<"http">, "status"> = {}): Fault => ({
    type: "http",
    status,
    ...options,
  }),
  hang: (): Fault => ({ type: "hang" }),
  cut: (options: FaultOptions<"cut"> = {}): Fault => ({ type: "cut", ...options }),
  stall: (afterEvents = 0): Fault => ({ type: "stall", afterEvents }),
  errorEvent: (options: FaultOptions<"error-event">): Fault => ({ type: "error-event", ...options }),
  rateLimit: (options: FaultOptions<"rate-limit"> = {}): Fault => ({ type: "rate-limit", ...options }),
  malformed: (what: FaultOptions<"malformed">["what"] = "broken-json", afterEvents = 2): Fault => ({
    type: "malformed",
    what,
    afterEvents,
  }),
  html: (status = 403): Fault => ({ type: "html", status }),
  oneByteChunks: (): Fault => ({ type: "one-byte-chunks" }),
  extraAfterTerminal: (): Fault => ({ type: "extra-after-terminal" }),
  noTerminal: (): Fault => ({ type: "no-terminal" }),
  unknownEvents: (): Fault => ({ type: "unknown-events" }),
  /** The anchor of a continuation is gone. */
  staleAnchor: (responseId = "resp_gone"): Fault => ({
    type: "error-event",
    status: 400,
    error: {
      type: "invalid_request_error",
      code: "previous_response_not_found",
      message: `Previous response with id '${responseId}' not found.`,
      param: "previous_response_id",
    },
  }),
  connectionLimit: (): Fault => ({
    type: "error-event",
    status: 400,
    error: {
      type: "invalid_request_error",
      code: "websocket_connection_limit_reached",
      message:
        "Responses websocket connection limit reached (60 minutes). Create a new websocket connection to continue.",
    },
  }),
  /** No capacity: 503 `server_is_overloaded` as an event. */
  overloaded: (afterEvents = 0): Fault => ({
    type: "error-event",
    status: 503,
    error: {
      type: "service_unavailable_error",
      code: "server_is_overloaded",
      message: "Our servers are currently overloaded. Please try again later.",
      param: null,
    },
    afterEvents,
  }),
};
