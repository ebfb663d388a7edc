import type { Child } from "./library/child.ts";
import type { RunningProcess, Upstream } from "./library/start.ts";
import type { Target } from "./library/target.ts";
import type { Variant } from "./library/variant.ts";
import { chatBody, responsesBody, upstreamBody, type AnswerName } from "./scenario.ts";

/** What a client asks the router for: a Responses stream, a Chat stream, or a whole Chat answer. */
export type Kind = "responses" | "chat-stream" | "chat";

/** Straight to the upstream, as turnout would ask it. */
export function directTarget({ origin, path: prefix, accessToken, accountId }: Upstream, name: AnswerName): Target {
  return {
    origin,
    path: `${prefix}/responses`,
    headers: {
      "content-type": "application/json",
      accept: "text/event-stream",
      authorization: `Bearer ${accessToken}`,
      "chatgpt-account-id": accountId,
      originator: "codex_cli_rs",
      "user-agent": "codex_cli_rs/0.153.0",
      version: "0.153.0",
    },
    body: upstreamBody(name),
    ending: "response.completed",
  };
}

export function routerTarget(origin: string, kind: Kind, name: AnswerName): Target {
  const responses = kind === "responses";
  const ending = { responses: "response.completed", "chat-stream": "[DONE]", chat: "finish_reason" };
  return {
    origin,
    path: responses ? "/v1/responses" : "/v1/chat/completions",
    headers: { "content-type": "application/json" },
    body: responses ? responsesBody(name) : chatBody(name, kind === "chat-stream"),
    ending: ending[kind],
  };
}

export function throughProxy(proxy: RunningProcess, upstream: Upstream, name: AnswerName): Variant {
  const target = { ...directTarget(upstream, name), origin: proxy.origin };
  return { name: "byte proxy", target, between: proxy.child };
}

export function throughRouter(
  name: string,
  router: RunningProcess,
  kind: Kind,
  answer: AnswerName,
): Variant & { readonly between: Child } {
  return { name, target: routerTarget(router.origin, kind, answer), between: router.child };
}
