import { createHash } from "node:crypto";

/**
 * Makes every name the sandbox hands out. The same seed gives the same names in the same order.
 * A token tells the account it was made for without any memory, so that a replayed one can be judged.
 */
export interface Minter {
  /** 20 hexadecimal characters, different at each call. */
  token(accountId: string): string;
  /** True for a token that this sandbox made for this very account. */
  isToken(accountId: string, token: string): boolean;
  /** A UUID, from the same source. */
  uuid(): string;
  /** An opaque reasoning or compaction payload of about `length` characters, from `output_item.added` or `.done`. */
  payload(token: string, kind: PayloadKind, item: number, length: number): string;
  /** True for a payload that an `output_item.done` of this sandbox carried for this very account, unchanged. */
  isPayload(accountId: string, payload: string): boolean;
}

/** `added` payloads cannot be replayed: in recordings they differ from those of `done` in 27 of 27 streams. */
export type PayloadKind = "added" | "done";

const payloadPattern = /^gAAAAAB([0-9a-f]{20})d([0-9a-f]{2})_/;

function hash(...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(parts.join("|")).digest("hex");
}

export function createMinter(seed: number): Minter {
  let count = 0;
  const offset = Number.parseInt(hash(seed, "offset").slice(0, 8), 16);

  function seal(accountId: string, serial: string): string {
    return hash(seed, accountId, serial).slice(0, 12);
  }

  function payload(token: string, kind: PayloadKind, item: number, length: number): string {
    const head = `gAAAAAB${token}${kind === "added" ? "a" : "d"}${item.toString(16).padStart(2, "0")}_`;
    const filling = Buffer.from(hash(seed, kind, item), "hex").toString("base64url");
    const missing = Math.max(filling.length, length - head.length);
    return head + filling.repeat(Math.ceil(missing / filling.length)).slice(0, missing);
  }

  return {
    token(accountId) {
      count += 1;
      // An odd multiplier visits every 32-bit number once: no two tokens are alike, and they do not look counted.
      const serial = (Math.imul(count + offset, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0");
      return serial + seal(accountId, serial);
    },
    isToken: (accountId, token) =>
      /^[0-9a-f]{20}$/.test(token) && seal(accountId, token.slice(0, 8)) === token.slice(8),
    uuid() {
      count += 1;
      const digits = hash(seed, "uuid", count);
      const part = (from: number, to: number) => digits.slice(from, to);
      return `${part(0, 8)}-${part(8, 12)}-4${part(13, 16)}-8${part(17, 20)}-${part(20, 32)}`;
    },
    payload,
    isPayload(accountId, text) {
      const [, token, item] = payloadPattern.exec(text) ?? [];
      if (token === undefined || item === undefined) return false;
      return this.isToken(accountId, token) && text === payload(token, "done", Number.parseInt(item, 16), text.length);
    },
  };
}
