import { z } from "zod";
import type { AccountBook } from "../accounts.ts";
import type { Minter } from "../minter.ts";
import { codexClientId, isRedirectUri, knownScopes } from "./clients.ts";
import type { GrantBook } from "./grants.ts";
import { htmlAnswer, type IssuerAnswer, redirectAnswer } from "./issuer-answer.ts";
import { consentPage, messagePage, newAccount } from "./pages.ts";

/** Requests that wait for the user; the oldest go first. */
const maximumPending = 1_000;

const requestSchema = z.object({
  response_type: z.literal("code", "unsupported_response_type"),
  scope: z.string("invalid_scope"),
  code_challenge_method: z.literal("S256", "invalid_request"),
  code_challenge: z.string("invalid_request").regex(/^[\w-]{43}$/, "invalid_request"),
  state: z.string("invalid_request").min(8, "invalid_request"),
});

interface PendingRequest {
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly state: string;
  readonly scopes: readonly string[];
}

export interface BrowserEndpoints {
  /** `GET /oauth/authorize`: the page where the user agrees, or an error. */
  authorize(query: URLSearchParams): IssuerAnswer;
  /** `POST /oauth/authorize/consent`: what the user said there. */
  decide(form: URLSearchParams): IssuerAnswer;
}

export interface BrowserEndpointOptions {
  readonly accounts: AccountBook;
  readonly grants: GrantBook;
  readonly minter: Minter;
}

/** The account a form names; a new one when it asks for that. */
export function chosenAccount(accounts: AccountBook, form: URLSearchParams): string {
  const chosen = form.get("account") ?? newAccount;
  return chosen === newAccount ? accounts.create().accountId : chosen;
}

function backTo(redirectUri: string, fields: Readonly<Record<string, string>>): IssuerAnswer {
  return redirectAnswer(`${redirectUri}?${new URLSearchParams(fields).toString()}`);
}

/** Authorization code with PKCE, as a browser sees it. */
export function createBrowserEndpoints({ accounts, grants, minter }: BrowserEndpointOptions): BrowserEndpoints {
  const pending = new Map<string, PendingRequest>();

  function remember(request: PendingRequest): string {
    const id = minter.uuid();
    pending.set(id, request);
    const oldest = pending.keys().next();
    if (pending.size > maximumPending && oldest.done !== true) pending.delete(oldest.value);
    return id;
  }

  return {
    authorize(query) {
      const redirectUri = query.get("redirect_uri") ?? "";
      // Nobody is sent to an address that is not the client's own, so these two are told on a page.
      if (query.get("client_id") !== codexClientId) {
        return htmlAnswer(400, messagePage("Cannot sign in", "unknown_client: this application is not known"));
      }
      if (!isRedirectUri(redirectUri)) {
        return htmlAnswer(400, messagePage("Cannot sign in", "invalid_redirect_uri: this address is not registered"));
      }
      const parsed = requestSchema.safeParse(Object.fromEntries(query));
      const scopes = (parsed.data?.scope ?? "").split(" ");
      const isKnown = scopes.includes("openid") && scopes.every((scope) => knownScopes.has(scope));
      if (!parsed.success || !isKnown) {
        const error = parsed.success ? "invalid_scope" : (parsed.error.issues[0]?.message ?? "invalid_request");
        const state = query.get("state");
        return backTo(redirectUri, { error, ...(state === null ? {} : { state }) });
      }
      const { code_challenge: codeChallenge, state } = parsed.data;
      const id = remember({ redirectUri, codeChallenge, state, scopes });
      return htmlAnswer(200, consentPage(id, scopes, accounts.list()));
    },

    decide(form) {
      const id = form.get("request") ?? "";
      const request = pending.get(id);
      if (request === undefined) {
        return htmlAnswer(400, messagePage("Cannot sign in", "This page is too old; start again from the application"));
      }
      pending.delete(id);
      const { redirectUri, state, codeChallenge, scopes } = request;
      if (form.get("decision") !== "allow") {
        const description = "The user denied the request";
        return backTo(redirectUri, { error: "access_denied", error_description: description, state });
      }
      const terms = { clientId: codexClientId, redirectUri, codeChallenge, scopes };
      const code = grants.grant(chosenAccount(accounts, form), terms);
      return backTo(redirectUri, { code, scope: scopes.join(" "), state });
    },
  };
}
