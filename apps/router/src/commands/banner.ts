import type { RunningRouter } from "../server/start-router.ts";

/** What `turnout serve` says once it listens: where, with what, and what to do next. */
export function banner(router: RunningRouter, file: string | undefined): string {
  const lines = [
    `turnout listens on ${router.url}`,
    `config   ${file ?? "none found, defaults hold"}`,
    `keys     ${router.keys.size === 0 ? "none asked for" : `${router.keys.size} known`}`,
    ...router.registry.providers
      .filter((provider) => provider.pool.accounts.length > 0)
      .map(({ name, pool, simulated }) => `${name.padEnd(8)} ${providerLine(pool.accounts.length, simulated)}`),
    "",
  ];
  if (router.sandbox !== undefined) lines.push(...sandboxLines(router.url));
  if (!hasAccounts(router)) lines.push(...accountLines());
  return `${lines.join("\n")}\n`;
}

function hasAccounts(router: RunningRouter): boolean {
  return router.registry.providers.some((provider) => !provider.simulated && provider.pool.accounts.length > 0);
}

function providerLine(accounts: number, simulated: boolean): string {
  if (simulated) return "answers are simulated, no model takes part";
  return accounts === 1 ? "1 account" : `${accounts} accounts`;
}

function sandboxLines(url: string): string[] {
  return [
    "Try it, simulated:",
    `  curl -N ${url}/v1/chat/completions -d '{"model":"sandbox/gpt-5.4","stream":true,"messages":[{"role":"user","content":"Hello"}]}'`,
    "",
  ];
}

function accountLines(): string[] {
  return ["For real answers log in, in another terminal, and ask for codex/gpt-5.4:", "  turnout login codex", ""];
}
