import { isJsonObject } from "@turnout/core";

import { tryParseJson } from "../parse-json.ts";

/** The free text in the input of a custom tool that was sent as a function; undefined when there is none. */
export function customInput(argumentsText: string): string | undefined {
  const value = tryParseJson(argumentsText);
  const input = isJsonObject(value) ? value["input"] : undefined;
  return typeof input === "string" ? input : undefined;
}

/** Takes the free text out of `{"input":"…"}` while its JSON text arrives, so that long texts need not wait (T110). */
export interface CustomInputReader {
  /** @returns The text that the piece completed; may be empty. */
  add(piece: string): string;
  /** @returns What was not told yet, out of the whole JSON text. */
  end(json: string): string;
}

const opening = /^\s*\{\s*"input"\s*:\s*"/u;

/** How much of `text`, which stands inside a JSON string, can be read already; `isEnd` when its closing quote came. */
function readable(text: string): { readonly length: number; readonly isEnd: boolean } {
  let position = 0;
  while (position < text.length) {
    const character = text[position];
    if (character === '"') return { length: position, isEnd: true };
    if (character !== "\\") {
      position += 1;
      continue;
    }
    const size = text[position + 1] === "u" ? 6 : 2;
    if (position + size > text.length) return { length: position, isEnd: false };
    position += size;
  }
  return { length: position, isEnd: false };
}

export function createCustomInputReader(): CustomInputReader {
  let rest = "";
  let isOpen = false;
  let isOver = false;
  return {
    add(piece) {
      if (isOver) return "";
      rest += piece;
      if (!isOpen) {
        const match = opening.exec(rest);
        if (match === null) return "";
        isOpen = true;
        rest = rest.slice(match[0].length);
      }
      const { length, isEnd } = readable(rest);
      const text = tryParseJson(`"${rest.slice(0, length)}"`);
      if (typeof text !== "string") {
        // Not the text of a JSON string; what was told so far stays.
        isOver = true;
        return "";
      }
      rest = rest.slice(length);
      isOver = isEnd;
      return text;
    },
    end: (json) => (isOpen ? "" : (customInput(json) ?? json)),
  };
}
