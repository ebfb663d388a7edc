import { detailRefusal, type Refusal } from "../refusal.ts";
import type { HeaderMap } from "./rule.ts";

/** The client's version when its User-Agent has Codex's form: `<originator>/<version> (…)`. */
export function clientVersion(headers: HeaderMap): string | undefined {
  return /^[^/]+\/(\d+\.\d+\.\d+)/.exec(headers["user-agent"] ?? "")?.[1];
}

/** A first-party client. Others (pi) have versions of their own, which say nothing about Codex. */
export function isFirstParty(headers: HeaderMap): boolean {
  return /^codex/i.test(headers.originator ?? "");
}

/** Headers that only a proxy or another SDK adds; seen at the backend they cost the model. */
const leaked = /^(x-stainless-|x-openai-client-|x-forwarded-|x-turnout-)|^(forwarded|x-real-ip|x-api-key|cf-ray)$/;

const sessionHeaders = ["session-id", "session_id", "conversation_id"];

/** Who the client says it is: `originator` and a User-Agent that agrees, and nothing of a client behind it. */
export function checkIdentity(headers: HeaderMap): Refusal | undefined {
  const { originator, version } = headers;
  const userAgent = headers["user-agent"];
  if (originator === undefined) return detailRefusal(400, "Missing required header: originator");
  if (userAgent === undefined) return detailRefusal(400, "Missing required header: User-Agent");
  if (!userAgent.startsWith(`${originator}/`) && !userAgent.startsWith(`${originator} `)) {
    return detailRefusal(400, `User-Agent does not begin with the originator '${originator}'`);
  }
  if (version !== undefined && version !== clientVersion(headers)) {
    return detailRefusal(400, `Header version '${version}' does not match the User-Agent`);
  }
  const foreign = Object.keys(headers).find((name) => leaked.test(name));
  if (foreign !== undefined) return detailRefusal(400, `Unexpected header: ${foreign}`);
  const sessions = sessionHeaders.filter((name) => headers[name] !== undefined);
  if (sessions.length > 1) return detailRefusal(400, `Only one session header is allowed, got ${sessions.join(", ")}`);
  return undefined;
}
