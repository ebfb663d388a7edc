import type { JsonValue } from "@turnout/core";
import type { ParsedFault } from "./fault-schema.ts";

/** One event on its way out: JSON text, or bytes that are no text. */
export interface OutgoingEvent {
  readonly type: string;
  readonly data: string | Buffer;
  readonly delayMs: number;
}

/** What happens after the last event. */
export type Ending =
  | { readonly type: "normal" }
  | { readonly type: "stall" }
  /** A polite end: over HTTP the body ends, on a socket a close frame with 1000. */
  | { readonly type: "end" }
  | {
      readonly type: "cut";
      readonly how: "reset" | "close" | number;
      readonly reason: string;
      /** Bytes of this event go out first. */
      readonly partial: { readonly event: OutgoingEvent; readonly bytes: number } | undefined;
      /** Nothing at all goes out, over HTTP not even headers. */
      readonly silent: boolean;
    };

/** The events of an answer after a fault had its way with them. */
export interface Delivery {
  readonly events: readonly OutgoingEvent[];
  readonly ending: Ending;
  readonly oneByteChunks: boolean;
  /** The answer does not reach its own terminal event. */
  readonly faulted: boolean;
  /** Status of an error event in it. */
  readonly errorStatus?: number | undefined;
}

export interface DeliveryContext {
  /** Seconds since the epoch. */
  readonly now: number;
  readonly planType: string;
}

function event(type: string, value: unknown): OutgoingEvent {
  return { type, data: JSON.stringify(value), delayMs: 0 };
}

type ErrorEventFault = ParsedFault & { type: "error-event" };

/** The error in each shape that was seen. */
function errorEvent(fault: Omit<ErrorEventFault, "type" | "afterEvents">): OutgoingEvent {
  const { shape, status, error, headers } = fault;
  const withHeaders = headers === undefined ? {} : { headers };
  const withStatus = status === undefined ? {} : { [shape === "status-code" ? "status_code" : "status"]: status };
  switch (shape) {
    case "nested":
    case "status-code":
      return event("error", { type: "error", ...withStatus, error, ...withHeaders });
    case "flat":
      // The error's own `type` has no place of its own beside the event's.
      return event("error", { ...error, type: "error", ...withStatus, ...withHeaders });
    case "body-error":
      return event("error", { type: "error", ...withStatus, body: { error }, ...withHeaders });
    case "response.failed": {
      const response = { id: "resp_failed", object: "response", status: "failed", error, output: [], usage: null };
      return event("response.failed", { type: "response.failed", response });
    }
  }
}

/** `{"error": …}` of a used-up plan, as the backend words it. */
export function usageLimitError(
  fault: ParsedFault & { type: "rate-limit" },
  context: DeliveryContext,
): Record<string, JsonValue> {
  return {
    type: "usage_limit_reached",
    message: "The usage limit has been reached",
    plan_type: fault.planType ?? context.planType,
    resets_at: context.now + fault.resetsInSeconds,
    resets_in_seconds: fault.resetsInSeconds,
  };
}

/** Header values that tell the same as `usageLimitError`. */
export function usageLimitHeaders(fault: ParsedFault & { type: "rate-limit" }, context: DeliveryContext) {
  return {
    "x-codex-primary-used-percent": "100.0",
    "x-codex-primary-window-minutes": "300",
    "x-codex-primary-reset-at": String(context.now + fault.resetsInSeconds),
    "retry-after": String(fault.resetsInSeconds),
  };
}

function malformed(what: (ParsedFault & { type: "malformed" })["what"]): OutgoingEvent {
  const type = "response.output_text.delta";
  switch (what) {
    case "broken-json":
      return { type, data: `{"type":"${type}","delta":"cut in the mid`, delayMs: 0 };
    case "binary":
      return { type, data: Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x80, 0x7d]), delayMs: 0 };
    case "non-object":
      return event(type, ["not", "an", "object"]);
    case "wrong-type":
      return event(type, { type, item_id: 7, output_index: "zero", content_index: null, delta: { text: 42 } });
    case "no-type":
      return event("", { hello: "world" });
  }
}

function isTerminal({ type }: OutgoingEvent): boolean {
  return type === "response.completed" || type === "response.incomplete" || type === "response.failed";
}

const unknownEvent = event("response.future_thing.delta", { type: "response.future_thing.delta", delta: { a: [1] } });
const unknownCodexEvent = event("codex.future_thing", { type: "codex.future_thing", payload: "x" });

function afterTerminal(events: readonly OutgoingEvent[]): OutgoingEvent[] {
  const type = "response.output_text.delta";
  const late = { type, item_id: "msg_late", output_index: 9, content_index: 0, delta: "after the end" };
  return [event(type, late), unknownCodexEvent, ...events.filter(isTerminal)];
}

const normal: Pick<Delivery, "ending" | "oneByteChunks" | "faulted"> = {
  ending: { type: "normal" },
  oneByteChunks: false,
  faulted: false,
};

function cutDelivery(events: readonly OutgoingEvent[], fault: ParsedFault & { type: "cut" }): Delivery {
  const count = fault.after === "request" ? 0 : fault.after === "first-event" ? 1 : fault.after;
  const next = events[count];
  const partial = fault.atByte === undefined || next === undefined ? undefined : { event: next, bytes: fault.atByte };
  const silent = fault.after === "request" && partial === undefined;
  return {
    ...normal,
    events: events.slice(0, count),
    ending: { type: "cut", how: fault.how, reason: fault.reason, partial, silent },
    faulted: true,
  };
}

/** Applies a fault to the events of an answer. Faults that replace a whole HTTP answer are not its business. */
export function planDelivery(
  events: readonly OutgoingEvent[],
  fault: ParsedFault | undefined,
  context: DeliveryContext,
): Delivery {
  switch (fault?.type) {
    case "cut":
      return cutDelivery(events, fault);
    case "stall":
      return { ...normal, events: events.slice(0, fault.afterEvents), ending: { type: "stall" }, faulted: true };
    case "error-event":
      return {
        ...normal,
        events: [...events.slice(0, fault.afterEvents), errorEvent(fault)],
        faulted: true,
        errorStatus: fault.status,
      };
    case "rate-limit": {
      const error = usageLimitError(fault, context);
      const headers = usageLimitHeaders(fault, context);
      return {
        ...normal,
        events: [...events.slice(0, fault.afterEvents), errorEvent({ shape: "nested", status: 429, error, headers })],
        faulted: true,
        errorStatus: 429,
      };
    }
    case "malformed":
      return { ...normal, events: events.toSpliced(fault.afterEvents, 0, malformed(fault.what)) };
    case "one-byte-chunks":
      return { ...normal, events, oneByteChunks: true };
    case "extra-after-terminal":
      return { ...normal, events: [...events, ...afterTerminal(events)] };
    case "no-terminal":
      return { ...normal, events: events.filter((each) => !isTerminal(each)), ending: { type: "end" }, faulted: true };
    case "unknown-events":
      return {
        ...normal,
        events: [unknownCodexEvent, ...events.flatMap((each) => (isTerminal(each) ? [each] : [each, unknownEvent]))],
      };
    default:
      return { ...normal, events };
  }
}
