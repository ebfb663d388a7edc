import { join, resolve } from "node:path";
import { importCodexLogin, type ImportedLogin } from "@turnout/auth";
import { systemRuntime } from "@turnout/core";
import { defineCommand } from "citty";
import { jsonArgument } from "./command-arguments.ts";
import { withExamples } from "./documented-command.ts";
import { readSurroundings, type Surroundings } from "./surroundings.ts";
import { plainText } from "./table.ts";
import { createTerminal } from "./terminal.ts";
import { withStore } from "./with-store.ts";

/** Where the Codex CLI keeps its login (codex.md 7.5, read 2026-11-24). */
function defaultPath({ environment, homeDirectory }: Surroundings): string {
  const { CODEX_HOME = "" } = environment;
  return join(CODEX_HOME === "" ? join(homeDirectory, ".codex") : CODEX_HOME, "auth.json");
}

const notes: Readonly<Record<ImportedLogin["how"], readonly string[]>> = {
  followed: [
    "Codex CLI owns this login: turnout reads the file before each use and never refreshes it.",
    "When its token ends (after 10 days) before Codex was used again, run `codex` once.",
    "`turnout login codex` makes a login that turnout keeps alive by itself, and is the better way.",
  ],
  adopted: [
    "Warning: a refresh token works once, and two programs have this one now. turnout refreshes it from here on;",
    "log in to Codex CLI anew (`codex login`), or its next refresh fails and may end this login too.",
  ],
  "api-key": [],
};

const codexCommand = withExamples(
  defineCommand({
    meta: { name: "turnout import codex", description: "Use the login that the Codex CLI has made." },
    args: {
      path: {
        type: "string",
        valueHint: "FILE",
        description: "The auth.json; else the one in $CODEX_HOME or ~/.codex",
      },
      adopt: {
        type: "boolean",
        description: "Take the tokens over and refresh them here, instead of reading the file before each use",
      },
      label: { type: "string", valueHint: "NAME", description: "What to call the account; else its email address" },
      json: jsonArgument,
    },
    run: async ({ args }) => {
      const surroundings = readSurroundings();
      const terminal = createTerminal();
      const path =
        args.path === undefined ? defaultPath(surroundings) : resolve(surroundings.workingDirectory, args.path);
      const { account, renewed, how } = await withStore(surroundings, terminal, (store) =>
        importCodexLogin({
          store,
          provider: "codex",
          path,
          adopt: args.adopt === true,
          now: systemRuntime.now(),
          ...(args.label !== undefined && { label: args.label }),
        }),
      );
      const { id, provider, label, kind, plan, email } = account;
      if (args.json === true) {
        const shown = { id, provider, label, kind, plan, email };
        terminal.printJson({ account: shown, how, renewed, notes: notes[how] });
        return;
      }
      terminal.print(`Imported ${path}: ${provider} account "${plainText(label)}"${renewed ? " (known before)" : ""}`);
      for (const note of notes[how]) terminal.say(note);
    },
  }),
  [
    ["turnout import codex", "read-only: Codex goes on to refresh its tokens"],
    ["turnout import codex --adopt", "take them over; Codex has to log in again"],
    ["turnout import codex --path old/auth.json", "from another place"],
  ],
);

/** `turnout import`: logins that other programs have made. */
export const importCommand = withExamples(
  defineCommand({
    meta: { name: "turnout import", description: "Use a login that another program has made." },
    subCommands: { codex: codexCommand },
  }),
  [["turnout import codex", "that of the Codex CLI"]],
);
