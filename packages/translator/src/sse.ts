import { RouterError, type WireEvent } from "@turnout/core";
import { createParser } from "eventsource-parser";

import { excerptOf } from "./excerpt.ts";

export interface SseDecoderOptions {
  /**
   * What one unfinished event may take, counted in UTF-16 code units of its text (never more than its bytes).
   * Default 16 MiB.
   */
  readonly maxBufferBytes?: number;
}

/** Reads Server-Sent Events from network reads of any cut. One decoder per stream. */
export interface SseDecoder {
  /**
   * Takes the next piece: text, or bytes that may be cut inside a UTF-8 character.
   *
   * @returns The events it completed. `type` is the `event:` line, or empty where there was none.
   * @throws {RouterError} `upstream-malformed` when one event exceeds `maxBufferBytes`.
   */
  decode(chunk: string | Uint8Array): WireEvent[];
  /** The event that lacked its blank line, when its JSON is whole; an unfinished one is dropped and counted. */
  end(): WireEvent[];
  /** Unfinished events dropped by `end()`: 0 or 1. */
  readonly dropped: number;
}

const defaultMaxBufferBytes = 16 * 1024 * 1024;
const byteOrderMark = 0xfe_ff;

function isWhole(data: string): boolean {
  if (data === "[DONE]") return true;
  try {
    JSON.parse(data);
    return true;
  } catch {
    return false;
  }
}

/**
 * A decoder of Server-Sent Events.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html (read 2026-11-24)
 */
export function createSseDecoder(options: SseDecoderOptions = {}): SseDecoder {
  const maxBufferBytes = options.maxBufferBytes ?? defaultMaxBufferBytes;
  const utf8 = new TextDecoder();
  let events: WireEvent[] = [];
  let overflow = false;
  let isFirst = true;
  let dropped = 0;
  const parser = createParser({
    maxBufferSize: maxBufferBytes,
    onEvent: (event) => events.push({ type: event.event ?? "", data: event.data }),
    onError: (error) => {
      // Unknown fields and bad `retry:` values are ignored by the grammar; a log line amid the events is one.
      if (error.type === "max-buffer-size-exceeded") overflow = true;
    },
  });

  function feed(text: string): WireEvent[] {
    if (text === "") return [];
    if (overflow) throw overflowError(text);
    events = [];
    // TextDecoder has removed the mark already; text handed in decoded may still have it.
    parser.feed(isFirst && text.charCodeAt(0) === byteOrderMark ? text.slice(1) : text);
    isFirst = false;
    if (overflow) throw overflowError(text);
    return events;
  }

  function overflowError(text: string): RouterError {
    return new RouterError(
      "upstream-malformed",
      `Cannot read event stream: one event exceeds ${maxBufferBytes} bytes`,
      { excerpt: excerptOf(text) },
    );
  }

  return {
    decode: (chunk) => feed(typeof chunk === "string" ? chunk : utf8.decode(chunk, { stream: true })),
    end: () => {
      // A cut character becomes U+FFFD, so the JSON around it stays unfinished or the text shows the damage.
      const rest = feed(utf8.decode());
      // A lone CR at the end is still half of a possible CRLF for the parser; LF LF ends both cases.
      const last = feed("\n\n").filter((event) => isWhole(event.data) || !(dropped += 1));
      return [...rest, ...last];
    },
    get dropped() {
      return dropped;
    },
  };
}

/**
 * One event as Server-Sent Event text, blank line included.
 *
 * @param named - Writes the `event:` line; formats whose clients know none (Chat) leave it out.
 */
export function formatSse(event: WireEvent, named: boolean): string {
  const data = event.data;
  if (data.indexOf("\n") !== -1 || data.indexOf("\r") !== -1) return formatLines(event, named);
  // A name comes from JSON when the upstream spoke WebSocket, so it may hold what no `event:` line can.
  if (!named || event.type === "" || hasLineBreak(event.type)) return `data: ${data}\n\n`;
  return `event: ${event.type}\ndata: ${data}\n\n`;
}

function hasLineBreak(text: string): boolean {
  return text.indexOf("\n") !== -1 || text.indexOf("\r") !== -1;
}

function formatLines(event: WireEvent, named: boolean): string {
  const name = named && event.type !== "" && !hasLineBreak(event.type) ? `event: ${event.type}\n` : "";
  const lines = event.data.split(/\r\n|\r|\n/u).map((line) => `data: ${line}\n`);
  return `${name}${lines.join("")}\n`;
}
