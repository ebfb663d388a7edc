import { defineCommand } from "citty";
import { type DocumentedCommand, withExamples } from "./documented-command.ts";

/** All of turnout's commands, each loaded when it is wanted: `turnout accounts` need not wait for all providers. */
export const rootCommand: DocumentedCommand = withExamples(
  defineCommand({
    meta: { name: "turnout", description: "One endpoint in front of many language models." },
    subCommands: {
      serve: async () => (await import("./serve.ts")).serveCommand,
      login: async () => (await import("./login.ts")).loginCommand,
      logout: async () => (await import("./logout.ts")).logoutCommand,
      accounts: async () => (await import("./accounts.ts")).accountsCommand,
      import: async () => (await import("./import.ts")).importCommand,
      keys: async () => (await import("./keys.ts")).keysCommand,
      doctor: async () => (await import("./doctor/doctor.ts")).doctorCommand,
      sandbox: async () => (await import("./sandbox.ts")).sandboxCommand,
    },
  }),
  [
    ["turnout", "start the router, the same as turnout serve"],
    ["turnout login codex", "log in with ChatGPT"],
    ["turnout accounts", "how the accounts stand"],
    ["turnout doctor", "what is wrong, and what to do"],
  ],
);
