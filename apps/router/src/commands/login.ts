import { isSecretReference, saveApiKey, type SavedLogin, saveLogin } from "@turnout/auth";
import { foregroundRuntime, RouterError } from "@turnout/core";
import { defineCommand } from "citty";
import { configArgument } from "./command-arguments.ts";
import { withExamples } from "./documented-command.ts";
import { interruptible } from "./interruptible.ts";
import { logInThroughBrowser, logInWithCode, type LoginScene } from "./login-flows.ts";
import { findProviderLogin } from "./provider-login.ts";
import { readSecret } from "./read-secret.ts";
import { loadSetup } from "./setup.ts";
import { readSurroundings, type Surroundings } from "./surroundings.ts";
import { plainText } from "./table.ts";
import { createTerminal, type Terminal } from "./terminal.ts";
import { withStore } from "./with-store.ts";

interface LoginArguments {
  readonly label: string | undefined;
  readonly device: boolean;
  readonly browser: boolean;
  /** What `readSecret` takes; false when no API key is meant. */
  readonly apiKey: string | undefined | false;
  readonly json: boolean;
}

/** `turnout login`: a new account, or new tokens for a known one. */
export const loginCommand = withExamples(
  defineCommand({
    meta: { name: "turnout login", description: "Log in to a provider, or store an API key for it." },
    args: {
      provider: { type: "positional", required: true, description: "For example codex or openai" },
      source: {
        type: "positional",
        required: false,
        description: "With --api-key: - reads the key from standard input, env:NAME stores the name of a variable",
      },
      label: { type: "string", valueHint: "NAME", description: "What to call the account; else its email address" },
      device: { type: "boolean", description: "With a code that is typed on another device, without a browser here" },
      browser: {
        type: "boolean",
        default: true,
        description: "Open the browser",
        negativeDescription: "Only print the address",
      },
      "api-key": { type: "boolean", description: "With an API key; asked for, and not shown" },
      stdin: { type: "boolean", description: "With an API key from standard input; the same as --api-key -" },
      config: configArgument,
      json: { type: "boolean", description: "Print a line of JSON for each step, for scripts" },
    },
    run: async ({ args }) => {
      const surroundings = readSurroundings();
      const setup = await loadSetup(args.config, surroundings);
      const login = findProviderLogin(args.provider, setup);
      const apiKey = keySource(args["api-key"] === true, args.stdin === true, args.source);
      const terminal = createTerminal();
      await interruptible(async (signal, stop) => {
        const scene: LoginScene = { login, terminal, signal, stop, json: args.json === true, surroundings };
        const wanted: LoginArguments = {
          label: args.label,
          device: args.device === true,
          browser: args.browser,
          apiKey: login.auth.oauth === undefined && apiKey === false ? undefined : apiKey,
          json: args.json === true,
        };
        tell(await logIn(scene, wanted, surroundings), wanted, terminal);
      });
    },
  }),
  [
    ["turnout login codex", "ChatGPT, through the browser"],
    ["turnout login codex --device", "with a code, for a machine without a browser"],
    ["turnout login codex --label work", "a second account, under a name of one's own"],
    ["turnout login anthropic", "an API key, asked for and not shown"],
    ["pass show openai | turnout login openai --stdin", "an API key from a password manager"],
    ["turnout login groq --api-key env:GROQ_API_KEY", "only the name of a variable is stored"],
  ],
);

function keySource(isKey: boolean, isStdin: boolean, source: string | undefined): string | undefined | false {
  if (isStdin) return "-";
  if (isKey) return source;
  if (source === undefined) return false;
  // Not quoted: it may be the key.
  throw new RouterError("config-invalid", "Cannot use the second word: one goes with --api-key only", {});
}

async function logIn(scene: LoginScene, wanted: LoginArguments, surroundings: Surroundings): Promise<SavedLogin> {
  const { login, terminal, signal } = scene;
  const { provider } = login;
  const label = wanted.label === undefined ? {} : { label: wanted.label };
  if (wanted.apiKey !== false) {
    if (!login.auth.kinds.includes("api-key")) {
      throw new RouterError("config-invalid", `Cannot store an API key for ${provider}: it takes logins only`, {});
    }
    const secret = await readSecret(wanted.apiKey, terminal, signal);
    warnOfMissingVariable(secret, surroundings, terminal);
    return withStore(surroundings, terminal, (store) => saveApiKey({ store, provider, secret, ...label }));
  }
  // Opened before the login: one that cannot be kept is not worth the user's time.
  return withStore(surroundings, terminal, async (store) => {
    const tokens = wanted.device ? await logInWithCode(scene) : await logInThroughBrowser(scene, wanted.browser);
    return saveLogin({ store, provider, origin: "login", tokens, now: foregroundRuntime.now(), ...label });
  });
}

function warnOfMissingVariable(secret: string, { environment }: Surroundings, terminal: Terminal): void {
  const name = secret.slice("env:".length);
  if (!isSecretReference(secret) || (environment[name] ?? "") !== "") return;
  terminal.say(`Note: $${name} is not set here; it has to be where turnout serve runs`);
}

function tell({ account, renewed }: SavedLogin, { json, apiKey }: LoginArguments, terminal: Terminal): void {
  const { id, provider, label, kind, plan, email, expiresAt } = account;
  if (json) {
    terminal.printJson({ event: "logged-in", renewed, account: { id, provider, label, kind, plan, email, expiresAt } });
    return;
  }
  const who = apiKey === false ? `Logged in to ${provider}` : `Stored an API key for ${provider}`;
  const details = [`account "${plainText(label)}"`, ...(plan === undefined ? [] : [`plan ${plainText(plan)}`])].join(
    ", ",
  );
  terminal.print(`${terminal.colour("green", who)}: ${details}${renewed ? " (known before, renewed)" : ""}`);
  terminal.print("A running turnout uses it within seconds; `turnout accounts` shows all of them.");
}
