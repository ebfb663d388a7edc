import type { Sandbox } from "@turnout/sandbox";
import { model } from "./client-socket.ts";
import type { TestRouterOptions } from "./running-router.ts";

/** One way on from the router, with the options that lead there. */
export interface UpstreamWay {
  readonly name: string;
  readonly model: string;
  readonly options: TestRouterOptions;
}

export function withKey(sandbox: Sandbox) {
  return [{ apiKey: sandbox.createAccount({ apiKey: true }).apiKey }];
}

/** Every language and transport that a client of the Responses format can be led to. */
export const upstreamWays: readonly UpstreamWay[] = [
  // Sockets may be opened as fast as a test breaks them.
  { name: "codex-ws", model, options: { codex: { transport: "ws", sessions: { dialSpacingMs: 0 } } } },
  { name: "codex-http", model, options: { codex: { transport: "http" } } },
  {
    name: "openai-responses",
    model: "openai/gpt-5.4",
    options: { providers: (sandbox) => ({ openai: { baseUrl: sandbox.openaiBaseUrl, accounts: withKey(sandbox) } }) },
  },
  {
    name: "openai-chat",
    model: "openai/gpt-5.4",
    options: {
      providers: (sandbox) => ({
        openai: { baseUrl: sandbox.openaiBaseUrl, api: "chat", accounts: withKey(sandbox) },
      }),
    },
  },
  {
    name: "anthropic-messages",
    model: "anthropic/claude-sonnet-4-5",
    options: {
      providers: (sandbox) => ({ anthropic: { baseUrl: sandbox.anthropicBaseUrl, accounts: withKey(sandbox) } }),
    },
  },
  {
    name: "gemini",
    model: "gemini/gemini-3-pro-preview",
    options: { providers: (sandbox) => ({ gemini: { baseUrl: sandbox.geminiBaseUrl, accounts: withKey(sandbox) } }) },
  },
];

/** What the upstream was asked the last time, conversation included. */
export function lastAsked(sandbox: Sandbox): string {
  const request = sandbox.requests.findLast((candidate) => candidate.kind === "response");
  return JSON.stringify(request?.input ?? request?.body);
}
