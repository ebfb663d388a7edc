/** What differs between two answers of the same script. */
export interface HoleValues {
  /** 20 hexadecimal characters that no other answer has. */
  readonly token: string;
  readonly model: string;
  /** Seconds since the epoch. */
  readonly created: number;
  /** Tokens of the request, all of them. */
  readonly input: number;
  /** Those that did not come from a cache. */
  readonly fresh: number;
  readonly cached: number;
}

type Hole = keyof HoleValues;

// A private-use character keeps the marks apart from what a script may say; `script/template.ts` uses the same.
const edge = "\uE000";

/** A hole inside a JSON string. */
export function textHole(name: "token" | "model"): string {
  return `${edge}${name}${edge}`;
}

/** A hole for a whole JSON number, plus something that is known already. */
export function numberHole(name: "created" | "input" | "fresh" | "cached", plus = 0): string {
  return `${edge}#${name}+${plus}${edge}`;
}

interface Slot {
  readonly hole: Hole;
  readonly plus: number;
}

/** A text with holes: `literals[0] slot[0] literals[1] …`. Parsed once, filled for each answer. */
export interface HoleText {
  readonly literals: readonly string[];
  readonly slots: readonly Slot[];
}

const marks = new RegExp(`"${edge}#(created|input|fresh|cached)\\+(\\d+)${edge}"|${edge}(token|model)${edge}`, "g");

function isHole(name: string | undefined): name is Hole {
  return name !== undefined;
}

export function parseHoles(text: string): HoleText {
  const literals: string[] = [];
  const slots: Slot[] = [];
  let from = 0;
  for (const match of text.matchAll(marks)) {
    const hole = match[1] ?? match[3];
    if (!isHole(hole)) continue;
    literals.push(text.slice(from, match.index));
    slots.push({ hole, plus: Number(match[2] ?? 0) });
    from = match.index + match[0].length;
  }
  literals.push(text.slice(from));
  return { literals, slots };
}

export function fillHoles({ literals, slots }: HoleText, values: HoleValues): string {
  let text = literals[0] ?? "";
  for (let index = 0; index < slots.length; index += 1) {
    const slot = slots[index];
    if (slot === undefined) break;
    const value = values[slot.hole];
    text += typeof value === "number" ? value + slot.plus : value;
    text += literals[index + 1] ?? "";
  }
  return text;
}
