import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { presentedKeys } from "./guard.ts";

/**
 * Tells clients apart by the key they present, without keeping the key. All that present none are one. Holds no space.
 */
export function clientOwner({ headers, url = "" }: Pick<IncomingMessage, "headers" | "url">): string {
  const [key] = presentedKeys(headers, url);
  return key === undefined ? "anyone" : createHash("sha256").update(key).digest("base64url");
}
