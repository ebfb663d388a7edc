import type { Account, ProviderPlugin } from "@turnout/core";
import type { Sandbox } from "@turnout/sandbox";
import { assembleProvider, type ProviderSurroundings } from "./create-providers.ts";
import type { Provider } from "./provider.ts";

/**
 * The provider `sandbox`: the real codex executors, pointed at the built-in simulator.
 *
 * @param plugins - The plugins of provider `codex`.
 */
export function createSandboxProvider(
  sandbox: Sandbox,
  plugins: readonly ProviderPlugin[],
  surroundings: Pick<ProviderSurroundings, "runtime" | "log">,
): Provider {
  const options = { baseUrl: sandbox.codexBaseUrl, issuer: sandbox.issuer };
  return assembleProvider(
    {
      name: "sandbox",
      plugins,
      settings: { models: [], options, strategy: "priority", quotaIntervalMs: 0 },
      accounts: [createSandboxAccount(sandbox)],
      simulated: true,
    },
    surroundings,
  );
}

function createSandboxAccount(sandbox: Sandbox): Account {
  const login = sandbox.createAccount();
  return {
    key: "sandbox",
    lease: () =>
      Promise.resolve({
        accountKey: "sandbox",
        kind: "oauth",
        secret: login.accessToken,
        accountId: login.accountId,
      }),
    renew: () => Promise.resolve(undefined),
  };
}
