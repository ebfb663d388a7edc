import { type AccountRecord, type AccountStore } from "@turnout/auth";
import { systemRuntime } from "@turnout/core";
import { defineCommand } from "citty";
import { accountHeadings, accountJson, accountRow, viewAccounts, wantsLogin } from "./account-view.ts";
import { accountArgument, configArgument, jsonArgument } from "./command-arguments.ts";
import { countConfigAccounts } from "./config-accounts.ts";
import { withExamples } from "./documented-command.ts";
import { exitCodes } from "./exit-code.ts";
import { findAccount } from "./find-account.ts";
import { interruptible } from "./interruptible.ts";
import { readSurroundings } from "./surroundings.ts";
import { plainText, printTable } from "./table.ts";
import { createTerminal, type Terminal } from "./terminal.ts";
import { withStore } from "./with-store.ts";

function list(store: AccountStore, terminal: Terminal, json: boolean): void {
  const views = viewAccounts(store, systemRuntime);
  if (views.some(wantsLogin)) process.exitCode = exitCodes.needsLogin;
  if (json) {
    terminal.printJson(views.map(accountJson));
    return;
  }
  if (views.length === 0) {
    terminal.print("No accounts yet. Log in with `turnout login codex`, or store a key with `turnout login openai`.");
    return;
  }
  const now = systemRuntime.now();
  const rows = views.map((view) => accountRow(view, now, terminal.colour));
  printTable(terminal, [accountHeadings, ...rows]);
  for (const { record, state, why } of views) {
    if (state === "ready" || why === undefined) continue;
    const cure =
      state === "needs-login" || state === "expired" ? `; log in again: turnout login ${record.provider}` : "";
    terminal.print(`\n${plainText(record.label)}: ${plainText(why)}${cure}`);
  }
}

const listArguments = {
  refresh: {
    type: "boolean",
    description: "Ask the upstreams what is left of each account first; else the table shows what was last heard",
  },
  config: configArgument,
  json: jsonArgument,
} as const;

interface ListFlags {
  readonly refresh?: boolean | undefined;
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
}

async function runList({ refresh = false, config, json = false }: ListFlags): Promise<void> {
  const terminal = createTerminal();
  const surroundings = readSurroundings();
  if (refresh) {
    // Loaded here only: the table alone need not wait for all providers.
    const [{ loadSetup }, { refreshQuotas }] = await Promise.all([import("./setup.ts"), import("./refresh-quotas.ts")]);
    const setup = await loadSetup(config, surroundings);
    const isComplete = await interruptible((signal) => refreshQuotas(setup, surroundings, terminal, signal));
    if (!isComplete) process.exitCode = exitCodes.failed;
  }
  await withStore(surroundings, terminal, (store) => list(store, terminal, json));
  const others = countConfigAccounts(config, surroundings).map(({ provider, count }) => `${provider} ${count}`);
  if (!json && others.length > 0) terminal.print(`\nIn the config besides, not listed here: ${others.join(", ")}`);
}

const listCommand = withExamples(
  defineCommand({
    meta: { name: "turnout accounts list", description: "List the accounts; the same as `turnout accounts`." },
    args: listArguments,
    run: ({ args }) => runList(args),
  }),
  [["turnout accounts --json | jq '.[].label'", "for scripts"]],
);

/** Changes one account and tells what it is now. */
async function change(
  wanted: string,
  json: boolean,
  work: (store: AccountStore, account: AccountRecord) => { readonly account: AccountRecord; readonly text: string },
): Promise<void> {
  const terminal = createTerminal();
  await withStore(readSurroundings(), terminal, (store) => {
    const { account, text } = work(store, findAccount(store, wanted));
    const { id, provider, label, priority, disabled } = account;
    if (json) terminal.printJson({ id, provider, label, priority, disabled: disabled?.reason });
    else terminal.print(text);
  });
}

function nameOf({ provider, label }: AccountRecord): string {
  return `${provider} account "${plainText(label)}"`;
}

const useCommand = withExamples(
  defineCommand({
    meta: {
      name: "turnout accounts use",
      description: "Prefer one account to the others of its provider, and enable it.",
    },
    args: { account: accountArgument, json: jsonArgument },
    run: ({ args }) =>
      change(args.account, args.json === true, (store, account) => {
        const others = store.accounts.list(account.provider).filter(({ id }) => id !== account.id);
        const priority = Math.max(account.priority, ...others.map((other) => other.priority + 1));
        const changed = store.accounts.update(account.id, { priority, disabled: null });
        return { account: changed, text: `The ${nameOf(changed)} is used first from now on, while it has quota` };
      }),
  }),
  [["turnout accounts use work", "the others help out when it is used up"]],
);

const disableCommand = withExamples(
  defineCommand({
    meta: { name: "turnout accounts disable", description: "Leave an account alone until it is enabled again." },
    args: {
      account: accountArgument,
      reason: {
        type: "string",
        valueHint: "TEXT",
        default: "disabled by its owner",
        description: "Shown in the table",
      },
      json: jsonArgument,
    },
    run: ({ args }) =>
      change(args.account, args.json === true, (store, { id }) => {
        const changed = store.accounts.update(id, { disabled: args.reason });
        return { account: changed, text: `The ${nameOf(changed)} is not used until you enable it` };
      }),
  }),
  [['turnout accounts disable work --reason "on holiday"', "with a note to oneself"]],
);

const enableCommand = withExamples(
  defineCommand({
    meta: { name: "turnout accounts enable", description: "Use a disabled account again." },
    args: { account: accountArgument, json: jsonArgument },
    run: ({ args }) =>
      change(args.account, args.json === true, (store, { id }) => {
        const changed = store.accounts.update(id, { disabled: null });
        return { account: changed, text: `The ${nameOf(changed)} is used again` };
      }),
  }),
  [["turnout accounts enable work", ""]],
);

const renameCommand = withExamples(
  defineCommand({
    meta: { name: "turnout accounts rename", description: "Give an account another label." },
    args: {
      account: accountArgument,
      label: { type: "positional", required: true, description: "The new label" },
      json: jsonArgument,
    },
    run: ({ args }) =>
      change(args.account, args.json === true, (store, { id, label }) => {
        const changed = store.accounts.update(id, { label: args.label });
        return { account: changed, text: `"${plainText(label)}" is "${plainText(changed.label)}" now` };
      }),
  }),
  [["turnout accounts rename me@example.com work", ""]],
);

const removeCommand = withExamples(
  defineCommand({
    meta: {
      name: "turnout accounts remove",
      description: "Forget an account. Its tokens are not revoked; `logout` does.",
    },
    args: { account: accountArgument, json: jsonArgument },
    run: ({ args }) =>
      change(args.account, args.json === true, (store, account) => {
        store.accounts.remove(account.id);
        return { account, text: `The ${nameOf(account)} is forgotten` };
      }),
  }),
  [["turnout accounts remove old", ""]],
);

/** `turnout accounts`: what there is, and how it stands; with changes below it. */
export const accountsCommand = withExamples(
  defineCommand({
    meta: { name: "turnout accounts", description: "List the accounts with their plan, state, quota and expiry." },
    args: listArguments,
    subCommands: {
      list: listCommand,
      use: useCommand,
      disable: disableCommand,
      enable: enableCommand,
      rename: renameCommand,
      remove: removeCommand,
    },
    run: ({ args }) => runList(args),
  }),
  [
    ["turnout accounts", "the table; exit code 3 when an account needs a login"],
    ["turnout accounts --refresh", "with what the upstreams say is left now"],
    ["turnout accounts use work", "prefer one of them"],
    ["turnout accounts disable work", "leave one alone for a while"],
  ],
);
