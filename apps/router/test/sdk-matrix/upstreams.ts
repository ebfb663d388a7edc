import type { WireFormat } from "@turnout/core";
import type { Sandbox } from "@turnout/sandbox";

/** One language an upstream speaks, with a provider that speaks it and a model of the sandbox. */
export interface Upstream {
  readonly wire: WireFormat;
  readonly model: string;
  /** `providers` of the config. */
  providers(sandbox: Sandbox): Record<string, unknown>;
}

function withKey(sandbox: Sandbox) {
  return [{ apiKey: sandbox.createAccount({ apiKey: true }).apiKey }];
}

export const upstreams: readonly Upstream[] = [
  {
    wire: "openai-chat",
    model: "openai/gpt-5.4",
    providers: (sandbox) => ({ openai: { baseUrl: sandbox.openaiBaseUrl, api: "chat", accounts: withKey(sandbox) } }),
  },
  {
    wire: "openai-responses",
    model: "codex/gpt-5.4",
    providers: (sandbox) => {
      const { accessToken, accountId } = sandbox.createAccount();
      return { codex: { baseUrl: sandbox.codexBaseUrl, accounts: [{ accessToken, accountId }] } };
    },
  },
  {
    wire: "anthropic-messages",
    model: "anthropic/claude-sonnet-4-5",
    providers: (sandbox) => ({ anthropic: { baseUrl: sandbox.anthropicBaseUrl, accounts: withKey(sandbox) } }),
  },
  {
    wire: "gemini",
    model: "gemini/gemini-3-pro-preview",
    providers: (sandbox) => ({ gemini: { baseUrl: sandbox.geminiBaseUrl, accounts: withKey(sandbox) } }),
  },
];
