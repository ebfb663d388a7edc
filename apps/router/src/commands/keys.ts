import { type AccountStore, createClientKey } from "@turnout/auth";
import { RouterError, systemRuntime } from "@turnout/core";
import { defineCommand } from "citty";
import { nearest } from "../config/known-keys.ts";
import { jsonArgument } from "./command-arguments.ts";
import { withExamples } from "./documented-command.ts";
import { readSurroundings } from "./surroundings.ts";
import { plainText, renderDuration, printTable } from "./table.ts";
import { createTerminal, type Terminal } from "./terminal.ts";
import { withStore } from "./with-store.ts";

const createCommand = withExamples(
  defineCommand({
    meta: {
      name: "turnout keys create",
      description: "Make a key for a client. It is shown once, and only its hash is kept.",
    },
    args: {
      label: { type: "string", valueHint: "NAME", description: "Who it is for; else a number" },
      json: jsonArgument,
    },
    run: async ({ args }) => {
      const terminal = createTerminal();
      await withStore(readSurroundings(), terminal, (store) => {
        const { key, record } = createClientKey(store, args.label ?? freeLabel(store));
        const { id, label, createdAt } = record;
        if (args.json === true) {
          terminal.printJson({ id, label, key, createdAt });
          return;
        }
        // The key alone on standard output, so that `turnout keys create > file` holds nothing else.
        terminal.say(`Key "${plainText(label)}" for clients, shown this once:`);
        terminal.print(key);
        terminal.say("Clients send it as `Authorization: Bearer <key>`. A running turnout takes it within seconds,");
        terminal.say("and asks every client for a key from then on.");
      });
    },
  }),
  [
    ["turnout keys create --label laptop", ""],
    ["turnout keys create --json | jq -r .key", "for scripts"],
  ],
);

function freeLabel(store: AccountStore): string {
  const taken = new Set(store.clientKeys.list().map(({ label }) => label));
  let number = taken.size + 1;
  while (taken.has(`key ${number}`)) number += 1;
  return `key ${number}`;
}

const listCommand = withExamples(
  defineCommand({
    meta: { name: "turnout keys list", description: "List the keys of clients, revoked ones included." },
    args: { json: jsonArgument },
    run: async ({ args }) => {
      const terminal = createTerminal();
      await withStore(readSurroundings(), terminal, (store) => list(store, terminal, args.json === true));
    },
  }),
  [["turnout keys list", ""]],
);

function list(store: AccountStore, terminal: Terminal, json: boolean): void {
  const keys = store.clientKeys.list();
  if (json) {
    terminal.printJson(keys.map(({ hash: _hash, ...shown }) => shown));
    return;
  }
  if (keys.length === 0) {
    terminal.print("No keys yet. `turnout keys create` makes one; those in the config are not listed.");
    return;
  }
  const now = systemRuntime.now();
  const rows = keys.map(({ id, label, hint, createdAt, lastUsedAt, revokedAt }) => [
    id,
    plainText(label),
    `${hint}…`,
    `${renderDuration(now - createdAt)} ago`,
    lastUsedAt === undefined ? "never" : `${renderDuration(now - lastUsedAt)} ago`,
    revokedAt === undefined ? terminal.colour("green", "valid") : terminal.colour("dim", "revoked"),
  ]);
  printTable(terminal, [["ID", "LABEL", "KEY", "CREATED", "LAST USED", "STATE"], ...rows]);
}

const revokeCommand = withExamples(
  defineCommand({
    meta: {
      name: "turnout keys revoke",
      description: "Make a key worthless. A running turnout refuses it within seconds.",
    },
    args: {
      key: {
        type: "positional",
        required: true,
        description: "Id or label of the key, as `turnout keys list` shows them",
      },
      json: jsonArgument,
    },
    run: async ({ args }) => {
      const terminal = createTerminal();
      await withStore(readSurroundings(), terminal, (store) => {
        const { id, label } = findKey(store, args.key);
        store.clientKeys.revoke(id);
        const left = store.clientKeys.list().filter(({ revokedAt }) => revokedAt === undefined).length;
        if (args.json === true) {
          terminal.printJson({ id, label, left });
          return;
        }
        terminal.print(`Key "${plainText(label)}" is revoked`);
        if (left === 0)
          terminal.say("No stored key is left: on loopback, and without keys in the config, none is asked for now.");
      });
    },
  }),
  [["turnout keys revoke laptop", ""]],
);

function findKey(store: AccountStore, wanted: string) {
  const valid = store.clientKeys.list().filter(({ revokedAt }) => revokedAt === undefined);
  const found = valid.find(({ id, label }) => id === wanted || label.toLowerCase() === wanted.toLowerCase());
  if (found !== undefined) return found;
  const near = nearest(
    wanted,
    valid.map(({ label }) => label),
  );
  const hint = near === undefined ? "`turnout keys list` lists them" : `did you mean "${near}"?`;
  // What somebody types here may be the key itself.
  const shown = wanted.startsWith("tk_") ? "like that (give its id or label, not the key)" : `"${plainText(wanted)}"`;
  throw new RouterError("config-invalid", `There is no valid key ${shown}: ${hint}`, {});
}

/** `turnout keys`: keys with which clients come to the router. */
export const keysCommand = withExamples(
  defineCommand({
    meta: { name: "turnout keys", description: "Make, list and revoke the keys of clients." },
    subCommands: { create: createCommand, list: listCommand, revoke: revokeCommand },
  }),
  [
    ["turnout keys create --label laptop", "before turnout listens beyond loopback"],
    ["turnout keys revoke laptop", "when the laptop is lost"],
  ],
);
