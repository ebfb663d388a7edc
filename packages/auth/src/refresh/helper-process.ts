import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { RouterError, type Runtime, type Timer } from "@turnout/core";

import { parseJson } from "../library/parse-json.ts";
import type { AccountStore } from "../store/account-store.ts";
import { leaseOf } from "../store/rotations.ts";
import { fingerprint } from "../tokens/codex-login.ts";
import type { HelperOrder } from "./helper-order.ts";
import {
  type RotationOrder,
  type RotationSender,
  sendOutcomeSchema,
  type SendOutcome,
  sendRotation,
} from "./send-rotation.ts";

/** Beside this file, and of its kind: TypeScript in development, JavaScript once built. */
const defaultProgram = fileURLToPath(new URL("./rotation-program.ts", import.meta.url)).replace(
  /\.ts$/u,
  import.meta.url.endsWith(".ts") ? ".ts" : ".js",
);

/** Options of Node that say how modules are found; others (a debugger's port, profiles) are not for a helper. */
const inherited = /^(?:--conditions|-C|--import|--require|-r|--loader|--experimental-loader)(?:=|$)/u;

/** `process.execArgv` as far as a helper needs it; an option may have its value in the next place. */
export function helperArguments(execArgv: readonly string[]): string[] {
  return execArgv.filter((argument, index) => {
    const before = execArgv[index - 1];
    const isValue = before !== undefined && inherited.test(before) && !before.includes("=");
    return isValue || inherited.test(argument);
  });
}

export interface HelperOptions {
  readonly store: AccountStore;
  readonly runtime: Runtime;
  /** Aborted when the router stops: it then waits a little for helpers under way, which finish by themselves. */
  readonly stopping: AbortSignal;
  /** Milliseconds of that. The end of a container takes helpers along, and an issuer answers within a second as a rule. */
  readonly patienceMs: number;
  readonly onWarning: (warning: RouterError) => void;
  /** The program. Default: the one of this package. */
  readonly program?: string;
}

function readOutcome(words: string): SendOutcome | undefined {
  const outcome = sendOutcomeSchema.safeParse(parseJson(words));
  return outcome.success ? outcome.data : undefined;
}

/** What a helper said; undefined when it could not be started, or ended without a word. */
function runHelper(
  program: string,
  order: HelperOrder,
  { stopping, runtime, patienceMs }: Pick<HelperOptions, "stopping" | "runtime" | "patienceMs">,
): Promise<SendOutcome | undefined> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...helperArguments(process.execArgv), program], {
      // A session of its own: Ctrl-C in the terminal, and the end of this process, do not reach it.
      detached: true,
      stdio: ["pipe", "pipe", "ignore"],
      windowsHide: true,
    });
    const leave = () => {
      // Neither the process nor its pipe keeps this one alive.
      child.unref();
      child.stdout.destroy();
      resolve({ outcome: "unanswered", reason: "turnout is stopping" });
    };
    let timer: Timer | undefined;
    const hurry = () => {
      timer = runtime.setTimer(patienceMs, leave);
    };
    stopping.addEventListener("abort", hurry, { once: true });
    const said = text(child.stdout).catch(() => "");
    child.stdin.on("error", () => {});
    child.stdin.end(JSON.stringify(order));
    child.once("error", () => resolve(undefined));
    child.once("close", () => {
      stopping.removeEventListener("abort", hurry);
      timer?.cancel();
      resolve(said.then(readOutcome));
    });
  });
}

/**
 * Sends refresh tokens from a small process of its own for each: when the router is killed between the sending and the answer,
 * that process still receives the answer and puts it into the journal. Costs about 0.3 s of CPU and 50 MB for that time, once in
 * the life of an access token.
 *
 * Where no process can be started, the router sends by itself.
 */
export function createHelperSender(options: HelperOptions): RotationSender {
  const { store, runtime, stopping, onWarning, program = defaultProgram } = options;

  function attemptsOf({ subject, refreshToken }: RotationOrder): number {
    const known = store.rotations.read(subject);
    return known?.token === fingerprint(refreshToken) ? known.attempts : 0;
  }

  return async (order) => {
    stopping.throwIfAborted();
    const before = attemptsOf(order);
    const { dispatcher: _, ...token } = order.token;
    const key = Buffer.from(store.key).toString("base64");
    const said = await runHelper(program, toHelperOrder(store.path, key, { ...order, token }), options);
    // What it did counts more than what it said: it may have been killed before it could say anything.
    if (said !== undefined) return said;
    if (store.rotations.read(order.subject)?.answer !== undefined) return { outcome: "answered" };
    if (attemptsOf(order) > before) return { outcome: "unanswered", reason: "the process that asked for it was ended" };
    if (!store.leases.adopt(leaseOf(order.subject), order.owner)) return { outcome: "superseded" };
    onWarning(
      new RouterError("internal", "Cannot start a process to refresh a token: the router sends it by itself", {}),
    );
    return sendRotation(store, order, runtime);
  };
}

function toHelperOrder(path: string, key: string, { token, ...order }: RotationOrder): HelperOrder {
  const { issuer, clientId, tokenPath } = token.oauth;
  return {
    path,
    key,
    order: {
      ...order,
      token: {
        oauth: { issuer, clientId, tokenPath },
        timeoutMs: token.timeoutMs,
        proxyUrl: token.proxyUrl,
        headers: token.headers === undefined ? undefined : { ...token.headers },
      },
    },
  };
}
