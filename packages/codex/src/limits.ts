import type { UpstreamLimits } from "@turnout/upstream";

import type { CodexOptions } from "./options.ts";

/** What the options say of deadlines, in upstream's words. */
export function codexLimits(options: CodexOptions): Partial<UpstreamLimits> {
  return { firstEventTimeoutMs: options.firstEventTimeoutMs, silenceTimeoutMs: options.silenceTimeoutMs };
}
