import { RouterError } from "@turnout/core";

/** A login that came to nothing: what was tried, and why. Never takes a `cause`: the ones at hand can hold tokens. */
export function loginFailure(provider: string, reason: string): RouterError<"credential-unavailable"> {
  return new RouterError("credential-unavailable", `Cannot log in to ${provider}: ${reason}`, { provider });
}

/** Text of the issuer that people may see: one line of printable characters, at most 200. */
export function shownText(text: string): string {
  return text
    .replaceAll(/[^\u0020-\u007E\u00A0-\uFFFF]+/gu, " ")
    .trim()
    .slice(0, 200);
}
