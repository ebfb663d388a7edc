import type { IncomingHttpHeaders } from "node:http";
import type { ModelRequest, SessionHints } from "@turnout/core";
import type { ClientLine } from "./client-line.ts";

/** Never leave the router: secrets, and what belongs to the client's own connection. */
const withheld = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "x-api-key",
  "x-goog-api-key",
  "chatgpt-account-id",
  "host",
  "content-length",
  "content-encoding",
  "content-type",
  "accept",
  "accept-encoding",
  "connection",
  "transfer-encoding",
  "upgrade",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-extensions",
  "sec-websocket-protocol",
]);

const sessionHeaders = [
  "session-id",
  "session_id",
  "conversation_id",
  "x-session-affinity",
  "x-session-id",
  "x-claude-code-session-id",
];

/** Of a sub-agent, which has a conversation of its own under the session of its parent. */
const threadHeaders = ["thread-id", "x-claude-code-agent-id"];

const sessionInUserId = /(?:"session_id"\s*:\s*"|_session_)([\w-]{8,64})/u;

/** Claude Code names its session inside `metadata.user_id`: as JSON text, in earlier versions at the end of a plain one. */
function sessionOfUser(endUser: string | undefined): string | undefined {
  return endUser === undefined ? undefined : sessionInUserId.exec(endUser)?.[1];
}

/**
 * What the client says about the conversation. Only hints: the executor's profile decides what of it travels on.
 *
 * Header names as in protocol notes of 2026-10: the Codex CLI (three spellings over the years), opencode, Claude Code.
 */
export function sessionHints(client: Pick<ClientLine, "headers" | "sessionId">, request: ModelRequest): SessionHints {
  const forwardable: Record<string, string> = {};
  for (const [name, value] of Object.entries(client.headers)) {
    if (typeof value === "string" && !withheld.has(name)) forwardable[name] = value;
  }
  const first = (names: readonly string[]) =>
    names.map((name) => forwardable[name]).find((value) => value !== undefined);
  const stable = first(sessionHeaders) ?? request.cacheKey ?? sessionOfUser(request.endUser) ?? client.sessionId;
  const threadId = first(threadHeaders);
  return {
    headers: forwardable,
    ...(stable === undefined ? {} : { sessionId: stable }),
    ...(threadId === undefined ? {} : { threadId }),
  };
}

/** Whether the client is one that understands the Codex backend's private events. */
export function speaksCodex(headers: IncomingHttpHeaders): boolean {
  const originator = headers["originator"];
  const agent = headers["user-agent"] ?? "";
  return (typeof originator === "string" && originator.startsWith("codex")) || agent.startsWith("codex");
}
