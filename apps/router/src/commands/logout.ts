import { type AccountRecord, type AccountStore, createOAuthExchange } from "@turnout/auth";
import { foregroundRuntime, RouterError } from "@turnout/core";
import { defineCommand } from "citty";
import { configArgument, jsonArgument } from "./command-arguments.ts";
import { withExamples } from "./documented-command.ts";
import { findAccount } from "./find-account.ts";
import { interruptible } from "./interruptible.ts";
import { findProviderLogin } from "./provider-login.ts";
import { loadSetup, type Setup } from "./setup.ts";
import { readSurroundings } from "./surroundings.ts";
import { plainText } from "./table.ts";
import { createTerminal } from "./terminal.ts";
import { withStore } from "./with-store.ts";

/** What became of one account. */
interface Outcome {
  readonly account: AccountRecord;
  readonly revoked: boolean;
  /** Why its tokens were not revoked, where that was tried or would have been. */
  readonly note: string | undefined;
}

/** `turnout logout`: ends a login at the provider and forgets it. */
export const logoutCommand = withExamples(
  defineCommand({
    meta: { name: "turnout logout", description: "Revoke the tokens of an account and forget it." },
    args: {
      account: {
        type: "positional",
        required: true,
        description: "Label or id of an account, or a provider that has one account",
      },
      all: { type: "boolean", description: "All accounts of the provider" },
      revoke: {
        type: "boolean",
        default: true,
        description: "Revoke the tokens at the provider",
        negativeDescription: "Only forget them here",
      },
      config: configArgument,
      json: jsonArgument,
    },
    run: async ({ args }) => {
      const surroundings = readSurroundings();
      const setup = await loadSetup(args.config, surroundings);
      const terminal = createTerminal();
      const outcomes = await interruptible((signal) =>
        withStore(surroundings, terminal, async (store) => {
          const ended: Outcome[] = [];
          for (const account of chosen(store, args.account, args.all === true)) {
            const note = args.revoke ? await revoke(store, account, setup, signal) : "not revoked, as asked";
            store.accounts.remove(account.id);
            ended.push({ account, revoked: note === undefined, note });
          }
          return ended;
        }),
      );
      if (args.json === true) {
        terminal.printJson(
          outcomes.map(({ account: { id, provider, label }, revoked, note }) => ({
            id,
            provider,
            label,
            revoked,
            note,
          })),
        );
        return;
      }
      for (const { account, note } of outcomes) {
        terminal.print(`Logged out of ${account.provider}: account "${plainText(account.label)}" is forgotten`);
        if (note !== undefined) terminal.say(`Its tokens live on at the provider: ${note}`);
      }
    },
  }),
  [
    ["turnout logout codex", "the one account of Codex"],
    ["turnout logout work", "an account by its label"],
    ["turnout logout codex --all --no-revoke", "forget all of them, and leave their tokens alone"],
  ],
);

function chosen(store: AccountStore, wanted: string, all: boolean): readonly AccountRecord[] {
  const ofProvider = store.accounts.list(wanted);
  if (all) {
    if (ofProvider.length > 0) return ofProvider;
    throw new RouterError("config-invalid", `Cannot log out of "${wanted}": it has no accounts here`, {});
  }
  if (ofProvider.length > 1) {
    const labels = ofProvider.map(({ label }) => `"${plainText(label)}"`).join(", ");
    throw new RouterError("config-invalid", `Cannot log out of ${wanted}: say which account, ${labels}, or --all`, {});
  }
  return ofProvider.length === 1 ? ofProvider : [findAccount(store, wanted)];
}

/** @returns Why the tokens were not revoked; undefined when they were. A login is forgotten either way. */
async function revoke(
  store: AccountStore,
  account: AccountRecord,
  setup: Setup,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (account.kind === "api-key") return "an API key is revoked on the provider's own pages";
  if (account.origin === "import") return "they belong to another program too; log out there";
  const { provider, request } = findProviderLogin(account.provider, setup);
  if (request?.oauth.revokePath === undefined) return "the provider revokes none";
  const { clientId = request.oauth.clientId } = account;
  const oauth = { ...request.oauth, clientId };
  const exchange = createOAuthExchange({ ...request, provider, oauth, runtime: foregroundRuntime });
  try {
    const credential = store.credentials.read(account.id);
    if (credential === undefined) return "they are not here any more";
    const { refreshToken, secret } = credential;
    // The refresh token stands for the whole login; the access token ends with it, or by itself.
    if (refreshToken === undefined) await exchange.revoke(secret, "access_token", signal);
    else await exchange.revoke(refreshToken, "refresh_token", signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return RouterError.from(error).message;
  }
}
