import type { Cut } from "../http-stream.ts";
import type { ParsedFault } from "../script/fault-schema.ts";
import type { AcceptedCall } from "./dialect.ts";
import { frame, type Frame } from "./rendered-answer.ts";

/** A piece of the body on its way out. */
export interface Piece {
  readonly bytes: string | Buffer;
  readonly delayMs: number;
}

type WireEnding = { readonly type: "normal" } | { readonly type: "stall" } | ({ readonly type: "cut" } & Cut);

/** An answer after a fault had its way with it. */
export interface WireDelivery {
  readonly pieces: readonly Piece[];
  readonly ending: WireEnding;
  readonly oneByteChunks: boolean;
  /** The answer does not reach its own end. */
  readonly faulted: boolean;
}

type Voice = Pick<AcceptedCall, "framing" | "errors" | "oddities" | "model">;

function malformed({ framing, oddities }: Voice, what: (ParsedFault & { type: "malformed" })["what"], index: number) {
  const name = oddities.deltaName;
  const json = (value: unknown) => framing.text(name, JSON.stringify(value), index);
  switch (what) {
    case "broken-json":
      return framing.text(name, '{"text":"cut in the mid', index);
    case "binary": {
      const [head = "", tail = ""] = framing.text(name, "\uE000", index).split("\uE000");
      return Buffer.concat([Buffer.from(head), Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x80, 0x7d]), Buffer.from(tail)]);
    }
    case "non-object":
      return json(["not", "an", "object"]);
    case "wrong-type":
      return json(oddities.wrongType);
    case "no-type":
      return framing.text("", JSON.stringify({ hello: "world" }), index);
  }
}

function afterTerminal(frames: readonly Frame[], { oddities }: Voice): Frame[] {
  return [...frames, oddities.late, oddities.unknown, ...frames.filter(({ terminal }) => terminal)];
}

/** Applies a fault to the frames of an answer. Faults that replace the whole answer are not its business. */
export function planWireDelivery(frames: readonly Frame[], fault: ParsedFault | undefined, voice: Voice): WireDelivery {
  const { framing, errors, oddities } = voice;
  const texts = (list: readonly Frame[]): Piece[] =>
    list.map(({ name, data, delayMs }, index) => ({ bytes: framing.text(name, data, index), delayMs }));
  const whole = (list: readonly Frame[]): Piece[] =>
    framing.end === "" ? texts(list) : [...texts(list), { bytes: framing.end, delayMs: 0 }];
  const normal = { ending: { type: "normal" }, oneByteChunks: false, faulted: false } as const;

  switch (fault?.type) {
    case "cut": {
      const count = fault.after === "request" ? 0 : fault.after === "first-event" ? 1 : fault.after;
      const next = texts(frames)[count];
      const partial =
        fault.atByte === undefined || next === undefined
          ? undefined
          : Buffer.from(next.bytes).subarray(0, fault.atByte);
      const ending: WireEnding = {
        type: "cut",
        how: fault.how,
        partial: partial ?? Buffer.alloc(0),
        silent: fault.after === "request" && partial === undefined,
      };
      return { ...normal, pieces: texts(frames).slice(0, count), ending, faulted: true };
    }
    case "stall":
      return { ...normal, pieces: texts(frames).slice(0, fault.afterEvents), ending: { type: "stall" }, faulted: true };
    case "error-event": {
      const error = errors.frame(errors.status(fault.status ?? 500), fault.error);
      return { ...normal, pieces: whole([...frames.slice(0, fault.afterEvents), error]), faulted: true };
    }
    case "rate-limit": {
      const { error } = errors.rateLimit(fault.resetsInSeconds, voice.model);
      const pieces = whole([...frames.slice(0, fault.afterEvents), errors.frame(429, error)]);
      return { ...normal, pieces, faulted: true };
    }
    case "malformed": {
      const bad = { bytes: malformed(voice, fault.what, fault.afterEvents), delayMs: 0 };
      return { ...normal, pieces: whole(frames).toSpliced(fault.afterEvents, 0, bad) };
    }
    case "one-byte-chunks":
      return { ...normal, pieces: whole(frames), oneByteChunks: true };
    case "extra-after-terminal":
      return { ...normal, pieces: whole(afterTerminal(frames, voice)) };
    case "no-terminal":
      return { ...normal, pieces: texts(frames.filter(({ terminal }) => !terminal)), faulted: true };
    case "unknown-events": {
      const mixed = frames.flatMap((each) => (each.terminal ? [each] : [each, oddities.unknown]));
      return { ...normal, pieces: whole(mixed) };
    }
    default:
      return { ...normal, pieces: whole(frames) };
  }
}

/** The document as one frame, so that it can be cut and spoiled like a stream. */
export function documentFrames(text: string): readonly Frame[] {
  return [{ ...frame("", 0, true), data: text }];
}
