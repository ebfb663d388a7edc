import type { IncomingHttpHeaders } from "node:http";

import type { HeaderMap } from "./retry-after.ts";

/** Header names, lower case; one that ends in `*` stands for all that begin so. */
export type HeaderNames = readonly string[];

/** Answers whether a lower-case name is among `names`. */
export function createHeaderMatcher(names: HeaderNames): (name: string) => boolean {
  const exact = new Set(names.filter((name) => !name.endsWith("*")));
  const prefixes = names.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));
  return (name) => exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}

/** Node's headers with one text for each name; several values are joined as RFC 9110 5.3 says. */
export function flattenHeaders(headers: IncomingHttpHeaders): HeaderMap {
  const flat: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}

/** Those of Node's headers that `matches` lets through. */
export function pickHeaders(headers: IncomingHttpHeaders, matches: (name: string) => boolean): HeaderMap {
  const picked: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && matches(name)) picked[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return picked;
}
