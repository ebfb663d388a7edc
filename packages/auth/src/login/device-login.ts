import { type DeviceLoginDeclaration, RouterError } from "@turnout/core";
import { z } from "zod";

import { parseJson } from "../library/parse-json.ts";
import { readErrorCode } from "../refresh/token-refresh.ts";
import { loginFailure } from "./login-failure.ts";
import type { LoginTokens } from "./login-tokens.ts";
import { createOAuthExchange, type OAuthExchange, type OAuthExchangeOptions } from "./oauth-exchange.ts";

/** Codex's own client waits so long when the issuer says nothing usable (codex.md 7.2, read 2026-11-24). */
const defaultIntervalSeconds = 5;
const longestIntervalSeconds = 60;

export interface DeviceLoginOptions extends OAuthExchangeOptions {
  /** Ends the login when it is aborted. */
  readonly signal: AbortSignal;
  /** Told of a poll that failed; the login goes on. */
  readonly onTrouble?: (message: string) => void;
}

/** A login that waits until its code has been typed somewhere. */
export interface DeviceLogin {
  /** What to type. */
  readonly userCode: string;
  /** Where to type it. */
  readonly verificationUrl: string;
  /** Milliseconds that are left for it, at first. */
  readonly lifetimeMs: number;
  /**
   * Rejects with {RouterError} `credential-unavailable` when it was denied or the code has expired; with the signal's reason.
   */
  readonly completed: Promise<LoginTokens>;
}

const codeSchema = z
  .object({
    device_auth_id: z.string().min(1),
    user_code: z.string().min(1).optional(),
    usercode: z.string().min(1).optional(),
    // Comes as text (codex.md 7.2).
    interval: z.coerce.number().min(0).max(longestIntervalSeconds).catch(defaultIntervalSeconds),
  })
  .transform(({ device_auth_id: id, user_code, usercode, interval }) => ({
    id,
    userCode: user_code ?? usercode,
    intervalMs: Math.max(1, interval) * 1_000,
  }));

const grantSchema = z.object({ authorization_code: z.string().min(1), code_verifier: z.string().min(1) });

function postJson(exchange: OAuthExchange, path: string, body: object, signal: AbortSignal): Promise<Response> {
  return exchange.fetch(exchange.url(path), {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
    signal,
  });
}

/**
 * Begins a login with a code that is typed on another device, by the protocol of ChatGPT's issuer.
 *
 * @throws {RouterError} `config-invalid` when the provider declares none; `credential-unavailable` when the issuer has it
 *   switched off; the errors of reaching it.
 * @see codex.md 7.2
 */
export async function startDeviceLogin(options: DeviceLoginOptions): Promise<DeviceLogin> {
  const { provider, oauth, signal } = options;
  const { device } = oauth;
  if (device === undefined) {
    throw new RouterError("config-invalid", `Cannot log in to ${provider} with a code: it has no such login`, {});
  }
  const exchange = createOAuthExchange(options);
  const response = await postJson(exchange, device.userCodePath, { client_id: oauth.clientId }, signal);
  const body = parseJson(await response.text());
  if (response.status === 404) {
    throw loginFailure(provider, "logins with a code are switched off for this workspace; log in without --device");
  }
  const parsed = codeSchema.safeParse(body);
  if (response.status !== 200 || !parsed.success || parsed.data.userCode === undefined) {
    const code = readErrorCode(body);
    throw loginFailure(provider, `the issuer gave no code (status ${response.status}${code ? `, ${code}` : ""})`);
  }
  const { id, userCode, intervalMs } = parsed.data;
  return {
    userCode,
    verificationUrl: exchange.url(device.verificationPath),
    lifetimeMs: device.lifetimeMs,
    completed: pollUntilTyped({ ...options, device, exchange, id, userCode, intervalMs }),
  };
}

interface PollOptions extends DeviceLoginOptions {
  readonly device: DeviceLoginDeclaration;
  readonly exchange: OAuthExchange;
  readonly id: string;
  readonly userCode: string;
  readonly intervalMs: number;
}

/** Asks until the code was typed. What fails meanwhile is told and tried again: the code outlives a bad minute. */
async function pollUntilTyped(options: PollOptions): Promise<LoginTokens> {
  const { provider, device, exchange, runtime, signal, onTrouble = () => undefined } = options;
  const startedAt = runtime.monotonic();
  while (runtime.monotonic() - startedAt < device.lifetimeMs) {
    await runtime.sleep(options.intervalMs, signal);
    let response;
    try {
      const asked = { device_auth_id: options.id, user_code: options.userCode };
      response = await postJson(exchange, device.pollPath, asked, signal);
    } catch (error) {
      signal.throwIfAborted();
      onTrouble(RouterError.from(error).message);
      continue;
    }
    const body = parseJson(await response.text());
    const granted = grantSchema.safeParse(body);
    if (response.status === 200 && granted.success) {
      return exchange.exchange({
        parameters: new URLSearchParams({ code: granted.data.authorization_code }),
        state: undefined,
        redirectUri: exchange.url(device.redirectPath),
        codeVerifier: granted.data.code_verifier,
        signal,
      });
    }
    // 403 and 404 mean: not yet (codex.md 7.2).
    if (response.status === 403 || response.status === 404) continue;
    const code = readErrorCode(body) ?? `status ${response.status}`;
    if (response.status === 400 || response.status === 401) {
      throw loginFailure(
        provider,
        code === "access_denied" ? "the request was denied" : `the issuer refused (${code})`,
      );
    }
    onTrouble(`The issuer answered ${code}`);
  }
  throw loginFailure(provider, `the code was not typed within ${device.lifetimeMs / 60_000} minutes`);
}
