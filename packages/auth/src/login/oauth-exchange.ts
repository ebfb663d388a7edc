import { type OAuthDeclaration, RouterError, systemRuntime } from "@turnout/core";
import {
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  AuthorizationResponseError,
  type AuthorizationServer,
  type Client,
  clockSkew,
  customFetch,
  None,
  processAuthorizationCodeResponse,
  processRevocationResponse,
  ResponseBodyError,
  revocationRequest,
  skipStateCheck,
  validateAuthResponse,
} from "oauth4webapi";

import { parseJson } from "../library/parse-json.ts";
import { readErrorCode } from "../refresh/token-refresh.ts";
import { createIssuerFetch, type IssuerFetch, type IssuerFetchOptions } from "./issuer-fetch.ts";
import { loginFailure, shownText } from "./login-failure.ts";
import type { LoginTokens } from "./login-tokens.ts";

export interface OAuthExchangeOptions extends IssuerFetchOptions {
  /** For messages, for example `codex`. */
  readonly provider: string;
  readonly oauth: OAuthDeclaration;
}

export interface CodeExchangeOptions {
  /** What came back to the redirect address: `code` and `state`, or `error`. */
  readonly parameters: URLSearchParams;
  /** Undefined: the code did not travel through a browser, so there is none to check. */
  readonly state: string | undefined;
  readonly redirectUri: string;
  readonly codeVerifier: string;
  readonly signal: AbortSignal;
}

/** The issuer of one provider, as far as logins need it. */
export interface OAuthExchange {
  /** An address of the issuer. */
  url(path: string): string;
  readonly fetch: IssuerFetch;
  /**
   * Checks what came back, and takes the code for tokens.
   *
   * @throws {RouterError} `credential-unavailable` for a wrong state, a denial, or a code that is refused; the errors of
   *   `IssuerFetch`.
   */
  exchange(options: CodeExchangeOptions): Promise<LoginTokens>;
  /**
   * Ends a token at the issuer.
   *
   * @throws {RouterError} `credential-unavailable` when it refuses, or the provider has no revocation.
   */
  revoke(token: string, kind: "access_token" | "refresh_token", signal: AbortSignal): Promise<void>;
}

/** Codex's own client reads three fields of the answer only; the library wants a type, which is optional in practice. */
async function withTokenType(response: Response): Promise<Response> {
  if (response.status !== 200) return response;
  const text = await response.text();
  const body = parseJson(text);
  const isComplete = typeof body !== "object" || body === null || "token_type" in body;
  const { status, headers } = response;
  return new Response(isComplete ? text : JSON.stringify({ ...body, token_type: "bearer" }), { status, headers });
}

/** What an error of the library means for people. Its own words can quote tokens, so they are not passed on. */
function reasonOf(error: unknown): string {
  if (error instanceof AuthorizationResponseError) {
    const { error: code, error_description: description = "" } = error;
    if (code === "access_denied") return "the request was denied in the browser";
    return shownText(`the issuer answered ${code} ${description}`);
  }
  if (error instanceof ResponseBodyError) return shownText(`the issuer refused the code (${error.error})`);
  const claim = /JWT "(\w+)"/u.exec(error instanceof Error ? error.message : "")?.[1];
  if (claim !== undefined) return `the issuer's id token has an unexpected claim "${claim}"`;
  if (error instanceof Error && /"state"/u.test(error.message)) {
    return "the answer belongs to another login (its state differs); start again";
  }
  return "the issuer's answer is not understood";
}

export function createOAuthExchange(options: OAuthExchangeOptions): OAuthExchange {
  const { oauth, provider, runtime } = options;
  const base = oauth.issuer.replace(/\/+$/u, "");
  const fetch = createIssuerFetch(options);
  const url = (path: string) => `${base}${path}`;
  const server: AuthorizationServer = {
    issuer: oauth.issuer,
    token_endpoint: url(oauth.tokenPath),
    id_token_signing_alg_values_supported: ["RS256", "PS256", "ES256", "EdDSA"],
    ...(oauth.revokePath !== undefined && { revocation_endpoint: url(oauth.revokePath) }),
  };
  // The library reads the system's clock; this leads it to ours.
  const skew = Math.round((runtime.now() - systemRuntime.now()) / 1000);
  const client: Client = { client_id: oauth.clientId, [clockSkew]: skew };
  const transport = {
    [customFetch]: fetch,
    // Only what the config says without TLS, which is a test's issuer on loopback.
    [allowInsecureRequests]: base.startsWith("http:"),
  };

  function failure(error: unknown): RouterError {
    return RouterError.is(error) ? error : loginFailure(provider, reasonOf(error));
  }

  async function readRefusal(response: Response): Promise<string> {
    const code = readErrorCode(parseJson(await response.text()));
    return code === undefined ? `status ${response.status}` : `${code}, status ${response.status}`;
  }

  return {
    url,
    fetch,
    async exchange({ parameters, state, redirectUri, codeVerifier, signal }) {
      try {
        const callback = validateAuthResponse(server, client, parameters, state ?? skipStateCheck);
        const sent = { ...transport, signal };
        const response = await authorizationCodeGrantRequest(
          server,
          client,
          None(),
          callback,
          redirectUri,
          codeVerifier,
          sent,
        );
        if (response.status !== 200) {
          throw loginFailure(provider, `the issuer refused the code (${await readRefusal(response)})`);
        }
        const tokens = await processAuthorizationCodeResponse(server, client, await withTokenType(response));
        return {
          accessToken: tokens.access_token,
          refreshToken: tokens.refresh_token,
          idToken: tokens.id_token,
          expiresInSeconds: tokens.expires_in,
        };
      } catch (error) {
        signal.throwIfAborted();
        throw failure(error);
      }
    },
    async revoke(token, kind, signal) {
      if (oauth.revokePath === undefined) throw loginFailure(provider, "its issuer revokes no tokens");
      const additionalParameters = { token_type_hint: kind };
      try {
        const sent = { ...transport, signal, additionalParameters };
        await processRevocationResponse(await revocationRequest(server, client, None(), token, sent));
      } catch (error) {
        signal.throwIfAborted();
        if (RouterError.is(error)) throw error;
        throw new RouterError("credential-unavailable", `Cannot revoke a token of ${provider}: the issuer refused it`, {
          provider,
        });
      }
    },
  };
}
