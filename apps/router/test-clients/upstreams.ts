import type { Sandbox } from "@turnout/sandbox";

/** One language that the router's upstream speaks, played by the sandbox. */
export interface Upstream {
  readonly id: string;
  /** What the client asks for. */
  readonly model: string;
  /** Sessions on sockets are kept with it: a request that continues a conversation carries only what is new. */
  readonly keepsSessions?: boolean;
  /** Where the sandbox must have been asked. */
  readonly path: RegExp;
  /** Entry of `providers`, by provider name. */
  configure(sandbox: Sandbox): Readonly<Record<string, unknown>>;
}

function apiKeyAccount(sandbox: Sandbox) {
  return [{ apiKey: sandbox.createAccount({ apiKey: true }).apiKey }];
}

function codexProvider(sandbox: Sandbox, transport: string) {
  const { accessToken, accountId } = sandbox.createAccount();
  const accounts = [{ accessToken, accountId }];
  return { codex: { baseUrl: sandbox.codexBaseUrl, issuer: sandbox.issuer, transport, accounts } };
}

/** Every client is tried with all of them. */
export const upstreams: readonly Upstream[] = [
  {
    id: "codex",
    model: "codex/gpt-5.4",
    keepsSessions: true,
    path: /^\/backend-api\/codex\/responses/u,
    configure: (sandbox) => codexProvider(sandbox, "auto"),
  },
  {
    id: "codex-http",
    model: "codex/gpt-5.4",
    path: /^\/backend-api\/codex\/responses/u,
    configure: (sandbox) => codexProvider(sandbox, "http"),
  },
  {
    id: "openai-chat",
    model: "openai/gpt-5.4",
    path: /^\/v1\/chat\/completions/u,
    configure: (sandbox) => ({
      openai: { api: "chat", baseUrl: sandbox.openaiBaseUrl, accounts: apiKeyAccount(sandbox) },
    }),
  },
  {
    id: "anthropic-messages",
    model: "anthropic/claude-sonnet-5-5",
    path: /^\/v1\/messages/u,
    configure: (sandbox) => ({
      anthropic: { baseUrl: sandbox.anthropicBaseUrl, accounts: apiKeyAccount(sandbox) },
    }),
  },
  {
    id: "gemini",
    model: "gemini/gemini-3.8-flash",
    path: /^\/v1beta\/models\/[^/]+:streamGenerateContent/u,
    configure: (sandbox) => ({
      gemini: { baseUrl: sandbox.geminiBaseUrl, accounts: apiKeyAccount(sandbox) },
    }),
  },
];
