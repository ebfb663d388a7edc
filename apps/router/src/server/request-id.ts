import type { Runtime } from "@turnout/core";

/** The name of one request in answers and in the log. */
export function createRequestId(runtime: Runtime): string {
  return `req_${runtime.uuid().replaceAll("-", "")}`;
}
