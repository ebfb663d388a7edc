import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** First byte of every sealed value, so that another way to seal can be told from this one. */
const formatAes256Gcm = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + nonceBytes + tagBytes;

/**
 * Encrypts values with AES-256-GCM. `place` says where a value belongs (row, column, generation) and is bound to it: a value
 * that somebody has moved to another place does not open.
 */
export interface Seal {
  close(text: string, place: readonly (string | number)[]): Uint8Array;
  /** Undefined when it was sealed with another key, for another place, or is damaged. */
  open(sealed: Uint8Array, place: readonly (string | number)[]): string | undefined;
}

function bind(place: readonly (string | number)[]): Buffer {
  return Buffer.from(JSON.stringify(place), "utf8");
}

/** @param key - 32 bytes. */
export function createSeal(key: Uint8Array): Seal {
  return {
    close(text, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      cipher.setAAD(bind(place));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([Buffer.of(formatAes256Gcm), nonce, cipher.getAuthTag(), body]);
    },
    open(sealed, place) {
      if (sealed.length < headBytes || sealed[0] !== formatAes256Gcm) return undefined;
      const nonce = sealed.subarray(1, 1 + nonceBytes);
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
      decipher.setAAD(bind(place));
      decipher.setAuthTag(sealed.subarray(1 + nonceBytes, headBytes));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(headBytes)), decipher.final()]).toString("utf8");
      } catch {
        // The one failure there is: authentication. Node's error tells nothing more.
        return undefined;
      }
    },
  };
}
