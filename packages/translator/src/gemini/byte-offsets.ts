/** Text that is not plain ASCII is kept for conversion up to this many UTF-16 units; an answer may be endless. */
const maxKept = 4 * 1024 * 1024;

const beyondAscii = /[^\0-\x7f]/u;

/** Converts places in a growing text between UTF-16 units and UTF-8 bytes. Plain ASCII takes no memory. */
export interface ByteOffsets {
  add(text: string): void;
  /** UTF-16 units so far. */
  readonly length: number;
  /** @returns Undefined beyond what could be kept. */
  toBytes(units: number): number | undefined;
  /** The last place at or before `bytes`; beyond the text its end. */
  toUnits(bytes: number): number;
}

/** A run of the text: `text` is undefined when every unit is one byte. */
interface Run {
  readonly unit: number;
  readonly byte: number;
  readonly text: string | undefined;
  length: number;
}

function byteWidth(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x8_00) return 2;
  return codePoint < 0x1_00_00 ? 3 : 4;
}

export function createByteOffsets(): ByteOffsets {
  const runs: Run[] = [];
  let length = 0;
  let bytes = 0;
  let kept = 0;
  let isLost = false;

  return {
    add: (text) => {
      if (text === "" || isLost) {
        length += text.length;
        return;
      }
      const last = runs.at(-1);
      const isAscii = !beyondAscii.test(text);
      if (!isAscii && kept + text.length > maxKept) {
        isLost = true;
        length += text.length;
        return;
      }
      if (isAscii && last !== undefined && last.text === undefined) last.length += text.length;
      else runs.push({ unit: length, byte: bytes, text: isAscii ? undefined : text, length: text.length });
      length += text.length;
      if (isAscii) bytes += text.length;
      else {
        kept += text.length;
        for (const character of text) bytes += byteWidth(character.codePointAt(0) ?? 0);
      }
    },
    get length() {
      return length;
    },
    toBytes: (units) => {
      const run = runs.findLast((candidate) => candidate.unit <= units);
      if (run === undefined) return units === 0 ? 0 : undefined;
      if (units > run.unit + run.length) return isLost ? undefined : bytes;
      if (run.text === undefined) return run.byte + (units - run.unit);
      let byte = run.byte;
      let unit = run.unit;
      for (const character of run.text) {
        if (unit >= units) break;
        unit += character.length;
        byte += byteWidth(character.codePointAt(0) ?? 0);
      }
      return byte;
    },
    toUnits: (target) => {
      const run = runs.findLast((candidate) => candidate.byte <= target);
      if (run === undefined) return 0;
      if (run.text === undefined) return Math.min(run.unit + (target - run.byte), run.unit + run.length);
      let byte = run.byte;
      let unit = run.unit;
      for (const character of run.text) {
        byte += byteWidth(character.codePointAt(0) ?? 0);
        if (byte > target) break;
        unit += character.length;
      }
      return unit;
    },
  };
}
