import { RouterError } from "@turnout/core";
import { calculatePKCECodeChallenge, generateRandomCodeVerifier, generateRandomState } from "oauth4webapi";

import { type CallbackServer, isSameState, startCallbackServer } from "./callback-server.ts";
import { loginFailure } from "./login-failure.ts";
import type { LoginTokens } from "./login-tokens.ts";
import { createOAuthExchange, type OAuthExchangeOptions } from "./oauth-exchange.ts";
import { readPastedRedirect } from "./pasted-redirect.ts";

/** Milliseconds a login waits for its user. */
const patienceMs = 15 * 60_000;

export interface BrowserLoginOptions extends OAuthExchangeOptions {
  /** Ends the login when it is aborted. */
  readonly signal: AbortSignal;
}

/** A login that waits for its user. */
export interface BrowserLogin {
  /** Where the user's browser has to go. */
  readonly url: string;
  readonly redirectUri: string;
  /** Why the browser cannot come back by itself, for people; undefined when it can. Then only `paste` helps. */
  readonly problem: string | undefined;
  /**
   * Takes the address the browser ended on, or the code in it.
   *
   * @throws {RouterError} `request-invalid` when the text is neither, or belongs to another login; the login goes on.
   */
  paste(text: string): void;
  /**
   * Settles once the login has ended and the browser has its answer.
   *
   * Rejects with {RouterError} `credential-unavailable` when it was denied, refused or took longer than 15 minutes; with the
   * errors of reaching the issuer; with the signal's reason.
   */
  readonly completed: Promise<LoginTokens>;
}

/**
 * Begins a login through a browser: authorization code with PKCE S256.
 *
 * @throws {RouterError} `config-invalid` when the provider declares none.
 * @example
 * ```ts
 * const login = await startBrowserLogin({ provider: "codex", oauth, runtime, signal });
 * console.log(`Open ${login.url}`);
 * const tokens = await login.completed;
 * ```
 */
export async function startBrowserLogin(options: BrowserLoginOptions): Promise<BrowserLogin> {
  const { provider, oauth, runtime, signal } = options;
  const { browser } = oauth;
  if (browser === undefined) {
    throw new RouterError("config-invalid", `Cannot log in to ${provider} through a browser: it has no such login`, {});
  }
  signal.throwIfAborted();
  const exchange = createOAuthExchange(options);
  const codeVerifier = generateRandomCodeVerifier();
  const codeChallenge = await calculatePKCECodeChallenge(codeVerifier);
  const state = generateRandomState();
  const finished = new AbortController();
  const ending = AbortSignal.any([signal, finished.signal]);
  let resolve: (tokens: LoginTokens) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const completed = new Promise<LoginTokens>((onDone, onFailed) => {
    resolve = onDone;
    reject = onFailed;
  });

  let exchanging: Promise<LoginTokens> | undefined;
  /** The first answer counts; a second one, from a reload or a paste, gets what came of the first. */
  function take(parameters: URLSearchParams, expectedState: string | undefined): Promise<LoginTokens> {
    exchanging ??= exchange.exchange({ parameters, state: expectedState, redirectUri, codeVerifier, signal: ending });
    return exchanging;
  }

  const { redirect } = browser;
  const callback = await listenFor(async (parameters) => {
    await finish(take(parameters, state));
  });
  const server: CallbackServer | undefined = "port" in callback ? callback : undefined;
  const port = server?.port ?? redirect.port;
  const redirectUri = `http://${redirect.host}:${port}${redirect.path}`;

  async function listenFor(onCallback: (parameters: URLSearchParams) => Promise<void>) {
    const first = await startCallbackServer({ port: redirect.port, path: redirect.path, state, onCallback });
    if ("port" in first || redirect.otherPorts !== true) return first;
    return startCallbackServer({ port: 0, path: redirect.path, state, onCallback });
  }

  let ended = false;
  function end(settle: () => void): void {
    if (ended) return;
    ended = true;
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
    // The browser's answer goes out first: whoever ends the process now would cut it off.
    void (server?.close() ?? Promise.resolve()).then(settle);
  }
  /** Ends the login with what comes of `tokens`, and rejects too, so that the page can tell. */
  async function finish(tokens: Promise<LoginTokens>): Promise<void> {
    try {
      const value = await tokens;
      end(() => resolve(value));
    } catch (error) {
      end(() => reject(error));
      throw error;
    }
  }
  function giveUp(reason: unknown): void {
    finished.abort(reason);
    end(() => reject(reason));
  }
  const onAbort = () => giveUp(signal.reason);
  const timer = runtime.setTimer(patienceMs, () =>
    giveUp(loginFailure(provider, `nobody logged in within ${patienceMs / 60_000} minutes`)),
  );
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();

  const url = new URL(exchange.url(browser.authorizePath));
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: oauth.clientId,
    redirect_uri: redirectUri,
    scope: browser.scopes.join(" "),
    code_challenge: codeChallenge,
    code_challenge_method: "S256",
    state,
    ...browser.parameters,
  }).toString();

  return {
    url: url.href,
    redirectUri,
    problem: "problem" in callback ? callback.problem : undefined,
    completed,
    paste(text) {
      const pasted = readPastedRedirect(text);
      if (pasted === undefined) {
        const message = `Cannot use what was pasted: expected an address that begins with ${redirectUri}, or the code in it`;
        throw new RouterError("request-invalid", message, {});
      }
      if (pasted.hasState && !isSameState(pasted.parameters.get("state"), state)) {
        throw new RouterError("request-invalid", "Cannot use what was pasted: it belongs to another login", {});
      }
      // Told through `completed`.
      finish(take(pasted.parameters, pasted.hasState ? state : undefined)).catch(() => undefined);
    },
  };
}
