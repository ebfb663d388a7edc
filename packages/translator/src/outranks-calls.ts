import type { FinishReason } from "@turnout/core";

/** True for ends that say more than the calls of the answer do. */
export function outranksCalls(reason: FinishReason): boolean {
  switch (reason) {
    case "length":
    case "context-full":
    case "content-filter":
    case "refusal":
    case "error":
    case "pause":
      return true;
    default:
      return false;
  }
}
