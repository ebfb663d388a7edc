/** What differs between two answers of the same script. */
export type Slot = "token" | "head" | "usage" | "limits" | "metadata";

export type SlotValues = Readonly<Record<Slot, string>>;

/** A text with holes: `literals[0] slot[0] literals[1] …`. Parsed once, filled for each answer. */
export interface Template {
  readonly literals: readonly string[];
  readonly slots: readonly Slot[];
}

// A private-use character keeps the marks apart from what a script may say.
const edge = "\uE000";

/** The hole inside a string: ids and payloads are built around it. */
export const tokenMark = `${edge}token${edge}`;

/** A hole for a whole JSON value. */
export function valueMark(slot: "usage" | "limits" | "metadata"): string {
  return `${edge}${slot}${edge}`;
}

/** A hole for fields of a JSON object: use as a key with the value 0. */
export const headMark = `${edge}head${edge}`;

const holes = new RegExp(
  `(${edge}token${edge}|"${edge}head${edge}":0|"${edge}usage${edge}"|"${edge}limits${edge}"|"${edge}metadata${edge}")`,
);

const slotNames: Readonly<Record<string, Slot>> = {
  [tokenMark]: "token",
  [`"${headMark}":0`]: "head",
  [`"${valueMark("usage")}"`]: "usage",
  [`"${valueMark("limits")}"`]: "limits",
  [`"${valueMark("metadata")}"`]: "metadata",
};

export function parseTemplate(text: string): Template {
  const literals: string[] = [];
  const slots: Slot[] = [];
  for (const [index, part] of text.split(holes).entries()) {
    const slot = index % 2 === 1 ? slotNames[part] : undefined;
    if (slot === undefined) literals.push(part);
    else slots.push(slot);
  }
  return { literals, slots };
}

export function fillTemplate(template: Template, values: SlotValues): string {
  const { literals, slots } = template;
  let text = literals[0] ?? "";
  for (let index = 0; index < slots.length; index += 1) {
    const slot = slots[index];
    if (slot !== undefined) text += values[slot];
    text += literals[index + 1] ?? "";
  }
  return text;
}
