import type { IncomingMessage, ServerResponse } from "node:http";
import type { AccountBook, Caller } from "./accounts.ts";
import { compactDocument } from "./compact.ts";
import type { createHttpAnswerer } from "./http-responses.ts";
import { headerMap, readBody, sendJson } from "./http-server.ts";
import { isIssuerPath, type Issuer } from "./issuer/issuer.ts";
import { parseJson } from "./json.ts";
import type { Minter } from "./minter.ts";
import { modelsDocument, modelsEtag } from "./models.ts";
import type { OpenRecord, Recorder } from "./records.ts";
import { apiRefusal, detailRefusal, type Refusal } from "./refusal.ts";
import type { Responder } from "./responder.ts";
import type { ResponseStore } from "./openai/response-store.ts";
import { checkApiRequest } from "./openai/responses-rules.ts";
import { readApiRequest } from "./strict/api-request.ts";
import { checkCodexRequest } from "./strict/check-request.ts";
import { checkAccept, checkHttpHeaders } from "./strict/headers.ts";
import { parseResponsesRequest } from "./strict/request-schema.ts";
import type { PlanUsage } from "./usage.ts";

export const codexBase = "/backend-api/codex";

export interface RouteOptions {
  readonly accounts: AccountBook;
  readonly issuer: Issuer;
  readonly recorder: Recorder;
  readonly responder: Responder;
  readonly minter: Minter;
  readonly usage: PlanUsage;
  readonly responses: ResponseStore;
  readonly answer: ReturnType<typeof createHttpAnswerer>;
  /** Answers requests of the public languages; false when it is none of them. */
  readonly answerPublic: (exchange: Exchange) => boolean;
  connectionNumber(socket: IncomingMessage["socket"]): number;
}

/** One HTTP request on its way through a route. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: OpenRecord;
  readonly text: string;
  readonly url: URL;
}

type Route = (exchange: Exchange) => void;

const routeKinds: Readonly<Record<string, OpenRecord["kind"]>> = {
  "/oauth/token": "token",
  [`${codexBase}/models`]: "models",
  "/wham/usage": "usage",
  "/backend-api/wham/usage": "usage",
  [`${codexBase}/responses`]: "response",
  "/v1/responses": "response",
  [`${codexBase}/responses/compact`]: "compact",
};

/** What a path of the public languages is about. */
function publicKind(path: string): OpenRecord["kind"] {
  if (/:(generate|streamGenerate)Content$/.test(path) || path === "/v1/messages" || path === "/v1/chat/completions") {
    return "response";
  }
  if (/[:/]count_?tokens$/i.test(path)) return "count-tokens";
  if (isIssuerPath(path)) return "login";
  return /^\/v1(beta)?\/models(\/|$)/.test(path) ? "models" : "other";
}

/** Answers plain HTTP requests. */
export function createRoutes(deps: RouteOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const { accounts, issuer, recorder, responder, responses, minter, usage, answer, answerPublic, connectionNumber } =
    deps;

  function refuse({ response, record }: Exchange, refusal: Refusal): void {
    record.status = refusal.status;
    record.outcome = "refused";
    sendJson(response, refusal.status, refusal.body, { "x-request-id": minter.uuid(), ...refusal.headers });
  }

  function reply({ response, record }: Exchange, body: Parameters<typeof sendJson>[2], headers = {}): void {
    record.status = 200;
    record.outcome = "completed";
    sendJson(response, 200, body, { "x-request-id": minter.uuid(), ...headers });
  }

  /** Lets a route have its caller, or refuses with 401. */
  function withCaller(kind: Caller["kind"], route: (exchange: Exchange, caller: Caller) => void): Route {
    return (exchange) => {
      const login = accounts.authenticate(exchange.record.headers.authorization);
      if (!login.ok) {
        refuse(exchange, login.refusal);
        return;
      }
      exchange.record.accountId = login.caller.accountId;
      if (login.caller.kind === kind) route(exchange, login.caller);
      else refuse(exchange, detailRefusal(401, "This credential is for another endpoint"));
    };
  }

  function codexResponses(exchange: Exchange, caller: Caller): void {
    const { record, request, response, text } = exchange;
    const { headers } = record;
    const parsed = parseResponsesRequest(record.body);
    const early =
      checkHttpHeaders(headers, caller.accountId, minter) ??
      checkAccept(headers) ??
      (record.body === undefined ? detailRefusal(400, "Request body is not JSON") : undefined);
    if (early !== undefined || !parsed.ok || record.body === undefined) {
      refuse(exchange, early ?? (parsed.ok ? detailRefusal(400, "Request body is not JSON") : parsed.refusal));
      return;
    }
    const input = parsed.request.input;
    record.input = input;
    const subject = { request: parsed.request, input, headers, accountId: caller.accountId, minter } as const;
    const refusal = checkCodexRequest({ ...subject, transport: "http" });
    if (refusal !== undefined) {
      refuse(exchange, refusal);
      return;
    }
    const accepted = { transport: "http", request: parsed.request, body: record.body, input, caller } as const;
    const prepared = responder.prepare({ ...accepted, inputTokens: Math.ceil(text.length / 4), cachedTokens: 0 });
    answer({ request, response, record, caller, model: parsed.request.model, stream: true }, prepared);
  }

  function apiResponses(exchange: Exchange, caller: Caller): void {
    const { record, request, response, text } = exchange;
    const parsed = readApiRequest(record.body);
    if (!parsed.ok || record.body === undefined) {
      refuse(exchange, parsed.ok ? apiRefusal(400, { message: "Request body is not JSON" }) : parsed.refusal);
      return;
    }
    const input = responses.resolve(caller.accountId, parsed.request);
    if ("message" in input) {
      const { status = 400, message, code, param } = input;
      refuse(exchange, apiRefusal(status, { message, ...(code ? { code } : {}), ...(param ? { param } : {}) }));
      return;
    }
    record.input = input;
    const { headers } = record;
    const subject = { request: parsed.request, input, headers, accountId: caller.accountId, minter } as const;
    const refusal = checkApiRequest({ ...subject, transport: "http" }, responses);
    if (refusal !== undefined) {
      refuse(exchange, refusal);
      return;
    }
    const accepted = { transport: "http", request: parsed.request, body: record.body, input, caller } as const;
    const prepared = responder.prepare({ ...accepted, inputTokens: Math.ceil(text.length / 4), cachedTokens: 0 });
    if (parsed.request.store !== false && prepared.fault === undefined) {
      const { outputText, responseId } = prepared;
      responses.save(caller.accountId, responseId, { input, outputText, document: prepared.document() });
    }
    const stream = parsed.request.stream === true;
    answer({ request, response, record, caller, model: parsed.request.model, stream }, prepared);
  }

  function oneResponse(exchange: Exchange, caller: Caller): void {
    const id = exchange.url.pathname.slice("/v1/responses/".length);
    const found = responses.find(caller.accountId, id);
    if (found === undefined) refuse(exchange, apiRefusal(404, { message: `Response with id '${id}' not found.` }));
    else if (exchange.record.method === "GET") reply(exchange, found);
    else {
      responses.delete(caller.accountId, id);
      reply(exchange, { id, object: "response", deleted: true });
    }
  }

  function compact(exchange: Exchange, caller: Caller): void {
    const { record } = exchange;
    const result = compactDocument(record.body, caller.accountId, minter);
    const refusal =
      checkHttpHeaders(record.headers, caller.accountId, minter) ?? (result.ok ? undefined : result.refusal);
    if (refusal === undefined && result.ok) reply(exchange, result.body);
    else if (refusal !== undefined) refuse(exchange, refusal);
  }

  function codexModels(exchange: Exchange): void {
    const version = exchange.url.searchParams.get("client_version");
    if (version === null) refuse(exchange, detailRefusal(400, "Missing query parameter: client_version"));
    else reply(exchange, modelsDocument(version), { etag: modelsEtag });
  }

  const usageRoute = withCaller("chatgpt", (exchange, caller) => reply(exchange, usage.document(caller)));
  const routes: Readonly<Record<string, Route>> = {
    [`GET ${codexBase}/models`]: withCaller("chatgpt", codexModels),
    "GET /wham/usage": usageRoute,
    "GET /backend-api/wham/usage": usageRoute,
    [`POST ${codexBase}/responses`]: withCaller("chatgpt", codexResponses),
    "POST /v1/responses": withCaller("api-key", apiResponses),
    [`POST ${codexBase}/responses/compact`]: withCaller("chatgpt", compact),
  };

  return (request, response) => {
    const { method = "GET", url: path = "/" } = request;
    const url = new URL(path, "http://sandbox.invalid");
    const connection = connectionNumber(request.socket);
    const headers = headerMap(request);
    const kind = routeKinds[url.pathname] ?? publicKind(url.pathname);
    const record = recorder.open({ kind, transport: "http", method, path, headers, connection });
    request.once("close", () => {
      if (record.outcome === "pending" && !request.complete) record.outcome = "aborted";
    });
    readBody(request, (body) => {
      const exchange = { request, response, record, text: body.ok ? body.text : "", url };
      if (!body.ok) {
        refuse(exchange, body.refusal);
        return;
      }
      const isSecret = isIssuerPath(url.pathname);
      if (!isSecret && body.text !== "") recorder.addBody(record, parseJson(body.text), body.text.length);
      if (issuer.answer(exchange) || answerPublic(exchange)) return;
      if (/^\/v1\/responses\/[^/]+$/.test(url.pathname) && (method === "GET" || method === "DELETE")) {
        withCaller("api-key", oneResponse)(exchange);
        return;
      }
      const route = routes[`${method} ${url.pathname}`];
      if (route === undefined) refuse(exchange, detailRefusal(404, "Not Found"));
      else route(exchange);
    });
  };
}
