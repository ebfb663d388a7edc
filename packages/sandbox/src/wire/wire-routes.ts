import type { JsonValue } from "@turnout/core";
import { sendJson } from "../http-server.ts";
import { parseJson } from "../json.ts";
import type { Exchange } from "../routes.ts";
import type { AcceptedCall } from "./dialect.ts";
import type { createWireAnswerer } from "./wire-answerer.ts";
import type { createWireResponder } from "./wire-responder.ts";

/** A refusal in the language's own words. */
export interface WireRefusal {
  readonly status: number;
  readonly body: JsonValue;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A route's answer that is no model's: a list, a count. */
export interface PlainReply {
  readonly reply: JsonValue;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a route makes of a request. */
export type Judgement = { readonly refusal: WireRefusal } | { readonly call: AcceptedCall } | PlainReply;

/** A request as a language sees it. */
export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON; undefined for none, or for what is not JSON. */
  readonly body: JsonValue | undefined;
  readonly text: string;
  /** Called with the account once it is known. */
  setAccount(accountId: string): void;
}

/** Finds what answers a request; undefined when this language has nothing there. */
export type WireRoute = (request: WireRequest) => Judgement | undefined;

export interface WireRoutesOptions {
  readonly languages: readonly WireRoute[];
  readonly prepare: ReturnType<typeof createWireResponder>;
  readonly answer: ReturnType<typeof createWireAnswerer>;
}

/** Answers requests of the public languages; false when it is none. */
export function createWireRoutes({ languages, prepare, answer }: WireRoutesOptions): (exchange: Exchange) => boolean {
  function settle({ response, record, request }: Exchange, judgement: Judgement): void {
    if ("call" in judgement) {
      answer({ request, response, record }, judgement.call, prepare(judgement.call));
      return;
    }
    const refused = "refusal" in judgement;
    const status = refused ? judgement.refusal.status : 200;
    record.status = status;
    record.outcome = refused ? "refused" : "completed";
    if (refused) sendJson(response, status, judgement.refusal.body, judgement.refusal.headers);
    else sendJson(response, status, judgement.reply, judgement.headers);
  }

  return (exchange) => {
    const { record, url, text } = exchange;
    const request: WireRequest = {
      method: record.method,
      url,
      headers: record.headers,
      body: record.body ?? parseJson(text),
      text,
      setAccount: (accountId) => {
        record.accountId = accountId;
      },
    };
    for (const language of languages) {
      const judgement = language(request);
      if (judgement === undefined) continue;
      settle(exchange, judgement);
      return true;
    }
    return false;
  };
}
