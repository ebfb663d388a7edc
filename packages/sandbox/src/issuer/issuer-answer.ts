import type { JsonObject } from "@turnout/core";
import { apiRefusal, type Refusal } from "../refusal.ts";

/** What an endpoint of the issuer says; the sender decides whether it arrives. */
export interface IssuerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Tokens and codes are never cached. */
const noStore = { "cache-control": "no-store", pragma: "no-cache" };

export function jsonAnswer(status: number, body: JsonObject): IssuerAnswer {
  return { status, headers: { "content-type": "application/json", ...noStore }, body: JSON.stringify(body) };
}

export function refusalAnswer(refusal: Refusal): IssuerAnswer {
  return jsonAnswer(refusal.status, refusal.body);
}

/** An error in the words of RFC 6749, section 5.2. */
export function oauthError(status: number, error: string, description: string): IssuerAnswer {
  return jsonAnswer(status, { error, error_description: description });
}

/** An error in OpenAI's shape. */
export function apiError(status: number, code: string, message: string): IssuerAnswer {
  return refusalAnswer(apiRefusal(status, { message, code }));
}

export function htmlAnswer(status: number, body: string): IssuerAnswer {
  return { status, headers: { "content-type": "text/html; charset=utf-8", ...noStore }, body };
}

export function redirectAnswer(location: string): IssuerAnswer {
  return { status: 302, headers: { location, ...noStore }, body: "" };
}
