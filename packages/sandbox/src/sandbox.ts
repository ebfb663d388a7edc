import { systemRuntime } from "@turnout/core";
import { createAnthropicLanguage } from "./anthropic/language.ts";
import {
  createAccountBook,
  type CreateAccountOptions,
  type SandboxAccount,
  type SandboxApiKeyAccount,
} from "./accounts.ts";
import { createGeminiLanguage } from "./gemini/language.ts";
import { createHttpAnswerer } from "./http-responses.ts";
import { createConnectionServer } from "./http-server.ts";
import { createIssuer } from "./issuer/issuer.ts";
import type { IssuerScenario } from "./issuer/issuer-faults.ts";
import { createMinter } from "./minter.ts";
import { createOpenaiLanguage } from "./openai/language.ts";
import { createResponseStore } from "./openai/response-store.ts";
import { sandboxOptionsSchema, type SandboxOptions } from "./options.ts";
import { createRecorder, type RecordedRequest } from "./records.ts";
import { createResponder } from "./responder.ts";
import { codexBase, createRoutes } from "./routes.ts";
import { createScenarioQueue, type Scenario } from "./scenarios.ts";
import { createStreamSet } from "./stream-set.ts";
import { createUpgrades } from "./upgrades.ts";
import { createPlanUsage } from "./usage.ts";
import { createWireAnswerer } from "./wire/wire-answerer.ts";
import { createWireResponder } from "./wire/wire-responder.ts";
import { createWireRoutes } from "./wire/wire-routes.ts";

/** A running simulated backend. */
export interface Sandbox {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** What a Codex client takes as its base URL; the WebSocket is at `/responses` below it. */
  readonly codexBaseUrl: string;
  /** Base URL of an OpenAI client: Chat Completions and Responses, with the key of an `apiKey` account. */
  readonly openaiBaseUrl: string;
  /** Base URL of an Anthropic client, with the same keys. */
  readonly anthropicBaseUrl: string;
  /** Base URL of a Gemini client, without `/v1beta`, with the same keys. */
  readonly geminiBaseUrl: string;
  /**
   * The authorization server: `/oauth/authorize` with a page where the user agrees, `/oauth/token`, `/oauth/revoke`, and the
   * device login with its page `/codex/device`. The same address as `url`.
   */
  readonly issuer: string;
  /**
   * Makes an account that the sandbox knows.
   *
   * @throws {RangeError} when the account id is taken.
   */
  createAccount(options: CreateAccountOptions & { readonly apiKey: true }): SandboxApiKeyAccount;
  createAccount(options?: CreateAccountOptions & { readonly apiKey?: false }): SandboxAccount;
  /** From now on every access token of the account made so far answers 401 `token_expired`. */
  expireTokens(accountId: string): void;
  /** From now on the refresh tokens of the account made so far answer 401 `refresh_token_invalidated`. */
  revokeRefreshToken(accountId: string): void;
  /** The same with `refresh_token_expired`. */
  expireRefreshToken(accountId: string): void;
  /**
   * Queues what the next matching request gets; without a match it gets the default answer. First in, first out.
   * A request that breaks a rule takes no scenario, and neither does a warm-up.
   *
   * @throws {z.ZodError} when the scenario is none; {RangeError} when its fault cannot happen over its transport.
   */
  script(scenario: Scenario): void;
  /**
   * Queues a disturbance of the issuer.
   *
   * @throws {z.ZodError} when the scenario is none.
   */
  scriptIssuer(scenario: IssuerScenario): void;
  /** How often a refresh token came that had been used before; the family of each was ended. */
  readonly refreshTokenReuses: number;
  /** The newest requests, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** WebSockets that are open now. */
  readonly openSockets: number;
  /** Answers in flight now, stalled ones included. */
  readonly openStreams: number;
  /** Drops every connection and stops. */
  close(): Promise<void>;
}

/**
 * Starts a simulated Codex backend on a real port: HTTP with SSE, WebSocket, OAuth; strict, stateful, scripted.
 *
 * @throws {z.ZodError} when an option is wrong; the error of `listen` when the port cannot be had.
 */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { runtime = systemRuntime, ...data } = options;
  const parsed = sandboxOptionsSchema.parse(data);
  const minter = createMinter(parsed.seed);
  const usage = createPlanUsage(runtime);
  const recorder = createRecorder(parsed.maxRecordedRequests, () => runtime.now());
  const scenarios = createScenarioQueue();
  const streams = createStreamSet();
  const responses = createResponseStore();
  let url = "";
  const accounts = createAccountBook({
    runtime,
    minter,
    tokenLifetimeSeconds: parsed.tokenLifetimeSeconds,
    issuer: () => url,
  });
  const issuer = createIssuer({ ...parsed, accounts, minter, runtime, issuer: () => url });
  const responder = createResponder({ runtime, minter, usage, scenarios, options: parsed, answer: data.answer });
  const { server, connectionNumber, listen, close } = createConnectionServer();
  const shared = {
    runtime,
    minter,
    usage,
    recorder,
    scenarios,
    streams,
    responses,
    accounts,
    issuer,
    responder,
    connectionNumber,
  };
  const upgrades = createUpgrades({
    ...shared,
    options: parsed,
    paths: new Map([
      [`${codexBase}/responses`, "chatgpt"],
      [`${codexBase}/ws`, "chatgpt"],
      ["/v1/responses", "api-key"],
    ]),
  });
  const answer = createHttpAnswerer({ ...shared, options: parsed });
  const answerPublic = createWireRoutes({
    languages: [createAnthropicLanguage(shared), createGeminiLanguage(shared), createOpenaiLanguage(shared)],
    prepare: createWireResponder({ ...shared, options: parsed, answer: data.answer }),
    answer: createWireAnswerer({ ...shared, options: parsed }),
  });
  server.on("request", createRoutes({ ...shared, answer, answerPublic }));
  server.on("upgrade", upgrades.handle);
  for (const scenario of data.scenarios ?? []) scenarios.add(scenario);

  const port = await listen(parsed.host, parsed.port);
  url = `http://${parsed.host.includes(":") ? `[${parsed.host}]` : parsed.host}:${port}`;

  function createAccount(accountOptions: CreateAccountOptions & { readonly apiKey: true }): SandboxApiKeyAccount;
  function createAccount(accountOptions?: CreateAccountOptions & { readonly apiKey?: false }): SandboxAccount;
  function createAccount(accountOptions: CreateAccountOptions = {}): SandboxAccount | SandboxApiKeyAccount {
    return accounts.create(accountOptions);
  }

  return {
    url,
    codexBaseUrl: url + codexBase,
    openaiBaseUrl: `${url}/v1`,
    anthropicBaseUrl: url,
    geminiBaseUrl: url,
    issuer: url,
    createAccount,
    expireTokens: accounts.expireTokens,
    revokeRefreshToken: accounts.revokeRefreshToken,
    expireRefreshToken: accounts.expireRefreshToken,
    script: scenarios.add,
    scriptIssuer: issuer.script,
    get refreshTokenReuses() {
      return accounts.refreshTokenReuses;
    },
    requests: recorder.requests,
    get openSockets() {
      return upgrades.openSockets;
    },
    get openStreams() {
      return streams.size;
    },
    async close() {
      streams.cancelAll();
      await close();
    },
  };
}
