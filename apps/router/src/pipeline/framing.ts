import type { WireEvent } from "@turnout/core";
import type { Codec } from "@turnout/translator";
import { formatSse } from "@turnout/translator";
import type { RequestTarget } from "./exchange.ts";

/** How events become the bytes of a stream. Keeps what it needs to put a comma where one belongs. */
export interface Framing {
  readonly contentType: string;
  event(event: WireEvent): string;
  /** Holds the line open and says nothing; undefined where the framing has no such thing. */
  readonly comment: string | undefined;
  /** What closes the stream. */
  end(): string;
}

export function createFraming(target: RequestTarget, codec: Codec): Framing {
  return target.framing === "sse" ? createSseFraming(codec) : createArrayFraming();
}

function createSseFraming(codec: Codec): Framing {
  return {
    contentType: "text/event-stream; charset=utf-8",
    event: (event) => formatSse(event, codec.namedEvents),
    comment: ": keep-alive\n\n",
    end: () => "",
  };
}

/** One JSON array that grows: what Gemini answers without `alt=sse`. */
function createArrayFraming(): Framing {
  let lead = "[";
  return {
    contentType: "application/json; charset=utf-8",
    event: (event) => {
      const text = lead + event.data;
      lead = ",\r\n";
      return text;
    },
    comment: undefined,
    end: () => (lead === "[" ? "[]" : "]"),
  };
}
