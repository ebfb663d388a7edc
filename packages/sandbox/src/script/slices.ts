const defaultDeltaLength = 16;

export interface Slicing {
  readonly deltaLength?: number | undefined;
  readonly deltas?: number | undefined;
}

/** Cuts a text into deltas, never inside a character. An empty text has none. */
export function sliceText(text: string, slicing: Slicing): string[] {
  if (text === "" || slicing.deltas === 0) return [];
  const characters = Array.from(text);
  const length =
    slicing.deltas === undefined
      ? (slicing.deltaLength ?? defaultDeltaLength)
      : Math.max(1, Math.ceil(characters.length / slicing.deltas));
  const slices: string[] = [];
  for (let start = 0; start < characters.length; start += length) {
    slices.push(characters.slice(start, start + length).join(""));
  }
  return slices;
}
