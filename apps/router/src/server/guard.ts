import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { RouterError } from "@turnout/core";
import { isLoopback } from "../config/loopback.ts";

export interface GuardOptions {
  /** The address turnout listens on. */
  readonly host: string;
  readonly allowedHosts: readonly string[];
  readonly keys: readonly string[];
}

/** Decides who may ask at all. */
export interface Guard {
  /**
   * @param url - Path and query, where Gemini clients put `?key=`.
   * @throws {RouterError} `forbidden` for a foreign `Host` or `Origin`, `unauthenticated` for a missing or wrong key.
   */
  check(headers: IncomingHttpHeaders, url: string): void;
}

export function createGuard(options: GuardOptions): Guard {
  const digests = options.keys.map(digest);
  const hosts = new Set([options.host, ...options.allowedHosts].map((host) => host.toLowerCase()));
  const checksHost = isLoopback(options.host);
  return {
    check: (headers, url) => {
      if (checksHost) requireKnownHost(headers.host, hosts);
      requireOwnOrigin(headers.origin, headers.host);
      if (digests.length > 0) requireKey(presentedKeys(headers, url), digests);
    },
  };
}

/** A page on the web can make a browser send requests to loopback under a name of its own (DNS rebinding). */
function requireKnownHost(host: string | undefined, hosts: ReadonlySet<string>): void {
  const name = hostName(host ?? "");
  if (isLoopback(name) || hosts.has(name)) return;
  throw new RouterError(
    "forbidden",
    `Refused host "${name}": turnout answers to loopback names only; list others in \`server.allowedHosts\``,
    {},
  );
}

function hostName(host: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(host);
  return (bracketed?.[1] ?? host.replace(/:\d+$/, "")).toLowerCase();
}

/** Programs send no `Origin`; a browser does, and then the page must be turnout's own. */
function requireOwnOrigin(origin: string | undefined, host: string | undefined): void {
  if (origin === undefined) return;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw new RouterError("forbidden", "Refused a request from a web page of another origin", {});
}

/** Clients put their key in different places, sometimes in two at once; any good one counts. */
export function presentedKeys(headers: IncomingHttpHeaders, url: string): string[] {
  const bearer = /^Bearer\s+(.+)$/i.exec(headers.authorization ?? "")?.[1];
  const query = url.includes("key=") ? new URLSearchParams(url.slice(url.indexOf("?") + 1)).get("key") : undefined;
  return [bearer, headers["x-api-key"], headers["x-goog-api-key"], query].filter((key) => typeof key === "string");
}

function requireKey(presented: readonly string[], digests: readonly Buffer[]): void {
  if (presented.length === 0) {
    throw new RouterError("unauthenticated", "A client key is needed: send it as `Authorization: Bearer <key>`", {});
  }
  const isKnown = presented.some((key) => {
    const candidate = digest(key);
    return digests.some((known) => timingSafeEqual(known, candidate));
  });
  if (!isKnown) throw new RouterError("unauthenticated", "The client key is not known here", {});
}

// Digests have one length, so that the comparison takes the same time whatever is sent.
function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
