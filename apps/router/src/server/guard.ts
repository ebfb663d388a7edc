import type { IncomingHttpHeaders } from "node:http";
import type { KeyRing } from "@turnout/auth";
import { RouterError } from "@turnout/core";
import { isLoopback } from "../config/loopback.ts";

export interface GuardOptions {
  /** The address turnout listens on. */
  readonly host: string;
  readonly allowedHosts: readonly string[];
  /** Asked for a key are all clients beyond loopback, and those on it while there is any key. */
  readonly keys: Pick<KeyRing, "size" | "accepts">;
}

/** Decides who may ask at all. */
export interface Guard {
  /**
   * @param url - Path and query, where Gemini clients put `?key=`.
   * @throws {RouterError} `forbidden` for a foreign `Host` or `Origin`, `unauthenticated` for a missing or wrong key.
   */
  check(headers: IncomingHttpHeaders, url: string): void;
}

export function createGuard({ keys, ...options }: GuardOptions): Guard {
  const hosts = new Set([options.host, ...options.allowedHosts].map((host) => host.toLowerCase()));
  const isLocal = isLoopback(options.host);
  return {
    check: (headers, url) => {
      if (isLocal) requireKnownHost(headers.host, hosts);
      refuseOtherPages(headers);
      // Beyond loopback also when the last key has been revoked: then nobody gets in.
      if (!isLocal || keys.size > 0) requireKey(presentedKeys(headers, url), keys);
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

/**
 * Programs send neither `Origin` nor `Sec-Fetch-Site`; a browser does, and then the page must be turnout's own. The second
 * also tells of images, scripts and links of other pages, which come without the first.
 */
function refuseOtherPages({ origin, host, "sec-fetch-site": site }: IncomingHttpHeaders): void {
  const isOwnOrigin = origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
  const isOwnSite = site === undefined || site === "same-origin" || site === "none";
  if (isOwnOrigin && isOwnSite) return;
  throw new RouterError("forbidden", "Refused a request from a web page of another origin", {});
}

/** Clients put their key in different places, sometimes in two at once; any good one counts. */
export function presentedKeys(headers: IncomingHttpHeaders, url: string): string[] {
  const bearer = /^Bearer\s+(.+)$/i.exec(headers.authorization ?? "")?.[1];
  const query = url.includes("key=") ? new URLSearchParams(url.slice(url.indexOf("?") + 1)).get("key") : undefined;
  return [bearer, headers["x-api-key"], headers["x-goog-api-key"], query].filter((key) => typeof key === "string");
}

function requireKey(presented: readonly string[], keys: GuardOptions["keys"]): void {
  if (presented.length === 0) {
    throw new RouterError("unauthenticated", "A client key is needed: send it as `Authorization: Bearer <key>`", {});
  }
  if (!keys.accepts(presented)) throw new RouterError("unauthenticated", "The client key is not known here", {});
}

/**
 * What is served beyond loopback must ask for keys, so there must be some.
 *
 * @throws {RouterError} `config-invalid`.
 */
export function requireKeysBeyondLoopback(host: string, keys: Pick<KeyRing, "size">): void {
  if (isLoopback(host) || keys.size > 0) return;
  const message = `Cannot listen on "${host}": it is not loopback, so clients need a key; make one with \`turnout keys create\`, or set \`server.keys\``;
  throw new RouterError("config-invalid", message, { path: "server.keys" });
}
