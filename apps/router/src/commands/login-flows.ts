import { type LoginTokens, startBrowserLogin, startDeviceLogin } from "@turnout/auth";
import { foregroundRuntime, RouterError } from "@turnout/core";
import { openBrowser } from "./open-browser.ts";
import { acceptPastedLines } from "./pasted-lines.ts";
import type { ProviderLogin } from "./provider-login.ts";
import type { Surroundings } from "./surroundings.ts";
import { renderClock } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** What a login needs of the command it runs in. */
export interface LoginScene {
  readonly login: ProviderLogin;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Ends the login, as Ctrl-C does. */
  readonly stop: () => void;
  readonly json: boolean;
  readonly surroundings: Surroundings;
}

function flowOptions({ login, signal }: LoginScene) {
  const { provider, request } = login;
  if (request === undefined) {
    throw new RouterError("config-invalid", `Cannot log in to ${provider}: it takes API keys only`, {});
  }
  return { ...request, provider, runtime: foregroundRuntime, signal };
}

/** Sends the user's browser to the provider and waits for it to come back, or for somebody to paste where it ended. */
export async function logInThroughBrowser(scene: LoginScene, opensBrowser: boolean): Promise<LoginTokens> {
  const { terminal, json, surroundings } = scene;
  const login = await startBrowserLogin(flowOptions(scene));
  const opened = opensBrowser && (await openBrowser(login.url, surroundings.environment));
  if (json) {
    const { url, redirectUri, problem } = login;
    terminal.printJson({ event: "open-browser", url, redirectUri, opened, problem });
  } else {
    for (const line of browserLines(login.url, opened, login.problem)) terminal.say(line);
  }
  const endPasting = acceptPastedLines(terminal, login.paste, scene.stop);
  try {
    return await login.completed;
  } finally {
    endPasting();
  }
}

function browserLines(url: string, opened: boolean, problem: string | undefined): readonly string[] {
  const first = opened
    ? "Your browser should open. If it does not, open this address:"
    : "Open this address in a browser:";
  const trouble = [
    `${problem}, so the browser cannot come back by itself.`,
    "Log in all the same; it ends on a page that cannot be shown. Copy the address of that page and paste it here.",
    "",
  ];
  const elsewhere = ["On another machine the browser ends on a page that cannot be shown: paste its address here.", ""];
  return [first, "", `  ${url}`, "", ...(problem === undefined ? (opened ? [] : elsewhere) : trouble)];
}

/** Shows a code to type elsewhere and waits until it was typed. */
export async function logInWithCode(scene: LoginScene): Promise<LoginTokens> {
  const { terminal, json } = scene;
  const onTrouble = (message: string) => terminal.say(`${message}; trying again`);
  const login = await startDeviceLogin({ ...flowOptions(scene), onTrouble });
  const { userCode, verificationUrl, lifetimeMs } = login;
  if (json) terminal.printJson({ event: "type-code", userCode, verificationUrl, expiresInMs: lifetimeMs });
  else {
    terminal.say("Open this address in a browser, on any device:");
    terminal.say(`\n  ${verificationUrl}\n\nand type this code:\n\n  ${userCode}\n`);
    terminal.say("Type it only if you started this login yourself.");
  }
  const endCountdown = countDown(terminal, lifetimeMs);
  try {
    return await login.completed;
  } finally {
    endCountdown();
  }
}

/** Shows how long the code still lives. */
function countDown(terminal: Terminal, lifetimeMs: number): () => void {
  const end = foregroundRuntime.monotonic() + lifetimeMs;
  const show = () => {
    terminal.progress(`Waiting for the code, ${renderClock(end - foregroundRuntime.monotonic())} left (Ctrl-C stops)`);
    timer = foregroundRuntime.setTimer(1_000, show);
  };
  let timer = foregroundRuntime.setTimer(0, show);
  return () => {
    timer.cancel();
    terminal.endProgress();
  };
}
