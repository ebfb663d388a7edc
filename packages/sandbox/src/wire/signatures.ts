import { createHash } from "node:crypto";
import type { Minter } from "../minter.ts";
import { textHole } from "./holes.ts";
import { publicName } from "./wire-responder.ts";

const pattern = /^EqU([0-9a-f]{20})x([0-9a-f]{16})/;

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function seal(token: string, content: string, length: number): string {
  const head = `EqU${token}x${digest(content)}`;
  const filling = createHash("sha256").update(content).digest("base64url");
  // A multiple of four: clients that decode base64 find whole bytes.
  const missing = Math.max(4, Math.ceil(length / 4) * 4 - head.length);
  return head + filling.repeat(Math.ceil(missing / filling.length)).slice(0, missing);
}

/**
 * An opaque payload over some content, with a hole for the answer's token.
 *
 * @param length - About how many characters.
 */
export function signature(content: string, length = 200): string {
  const token = "0".repeat(20);
  return seal(token, content, length).replace(token, textHole("token"));
}

/** True for a payload that this sandbox made for one of these contents, unchanged. */
export function isSignature(minter: Minter, text: string, contents: readonly string[]): boolean {
  const [, token] = pattern.exec(text) ?? [];
  if (token === undefined || !minter.isToken(publicName, token)) return false;
  return contents.some((content) => seal(token, content, text.length) === text);
}
