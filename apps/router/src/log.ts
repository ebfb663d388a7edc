import type { DestinationStream, Logger } from "pino";
import { pino } from "pino";

/** Fields that would hold a secret if anybody logged an object carelessly. */
const secretFields = ["authorization", "apiKey", "accessToken", "refreshToken", "secret", "token", "keys"];

/** JSON lines; secrets are blanked even where an object with one is logged by mistake. */
export function createLog(level: string, destination: DestinationStream): Logger {
  const paths = secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);
  return pino({ level, redact: { paths, censor: "[redacted]" }, base: null }, destination);
}
