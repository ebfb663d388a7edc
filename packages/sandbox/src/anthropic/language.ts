import { isJsonObject, type JsonObject } from "@turnout/core";
import type { AccountBook, Caller } from "../accounts.ts";
import type { Minter } from "../minter.ts";
import { documentFraming, sseFraming, type Oddities } from "../wire/dialect.ts";
import { bearerKey, findKeyOwner } from "../wire/key.ts";
import { frame } from "../wire/rendered-answer.ts";
import type { Judgement, WireRefusal, WireRequest, WireRoute } from "../wire/wire-routes.ts";
import type { BlockContext } from "./blocks.ts";
import { cacheRules } from "./cache-rules.ts";
import { readForcedTool, readMessagesConversation } from "./conversation.ts";
import { anthropicErrors, anthropicRefusal } from "./errors.ts";
import { messageRules } from "./message-rules.ts";
import { anthropicModelDocument, anthropicModelsDocument, findAnthropicModel } from "./models.ts";
import { parameterRules } from "./parameter-rules.ts";
import { readCountRequest, readMessagesRequest, type ReadRequest } from "./read-request.ts";
import { renderMessage } from "./render.ts";
import type { CountRequest, MessagesRequest } from "./request-schema.ts";
import { thinkingMode, type AnthropicRule, type AnthropicSubject } from "./rule.ts";
import { thinkingRules } from "./thinking-rules.ts";
import { toolRules } from "./tool-rules.ts";

export interface AnthropicOptions {
  readonly accounts: AccountBook;
  readonly minter: Minter;
}

const versions = new Set(["2023-01-01", "2023-06-01", "2026-10-21"]);
const betaPattern = /^[a-z0-9-]+-(\d{4}-\d{2}-\d{2}|\d{8})$/;

const rules: readonly AnthropicRule[] = [
  ...messageRules,
  ...toolRules,
  ...parameterRules,
  ...cacheRules,
  ...thinkingRules,
];

const framing = sseFraming({ named: true });

const oddities: Oddities = {
  deltaName: "content_block_delta",
  wrongType: { type: "content_block_delta", index: "zero", delta: { type: "text_delta", text: { a: 42 } } },
  unknown: frame("future_thing", { type: "future_thing", payload: { a: [1] } }),
  late: frame("content_block_delta", {
    type: "content_block_delta",
    index: 9,
    delta: { type: "text_delta", text: "after the end" },
  }),
};

/** Keys come as `x-api-key` or as bearer; the newest SDK sends bearer for both. */
function findCaller({ headers }: WireRequest, accounts: AccountBook): Caller | string {
  const key = headers["x-api-key"];
  const bearer = bearerKey(headers.authorization);
  if (key !== undefined) return findKeyOwner(accounts, key) ?? "invalid x-api-key";
  if (bearer !== undefined) return findKeyOwner(accounts, bearer) ?? "Invalid bearer token";
  return "x-api-key header is required";
}

function betasOf({ headers }: WireRequest): string[] {
  return (headers["anthropic-beta"] ?? "")
    .split(",")
    .map((beta) => beta.trim())
    .filter((beta) => beta !== "");
}

function headerProblem(request: WireRequest): string | undefined {
  const version = request.headers["anthropic-version"];
  if (version === undefined) return "anthropic-version: header is required";
  if (!versions.has(version)) return `anthropic-version: "${version}" is not a valid version`;
  const beta = betasOf(request).find((each) => !betaPattern.test(each));
  return beta === undefined
    ? undefined
    : `Unexpected value(s) \`${beta}\` for the \`anthropic-beta\` header. Please consult our documentation at ` +
        "docs.claude.com or try again without the header.";
}

function thinkingView(subject: AnthropicSubject): BlockContext["thinking"] {
  if (thinkingMode(subject) === "off") return "off";
  const { thinking } = subject.request;
  return thinking !== undefined && "display" in thinking && thinking.display === "omitted" ? "hidden" : "visible";
}

/** The Messages API: messages, token counts and models. */
export function createAnthropicLanguage({ accounts, minter }: AnthropicOptions): WireRoute {
  function refuse(requestId: string, message: string, status = 400): { refusal: WireRefusal } {
    return { refusal: anthropicRefusal(requestId, message, status) };
  }

  /** A body that is right in form and keeps the rules, or a refusal. */
  function judge<T extends CountRequest & Partial<MessagesRequest>>(
    { body, text }: WireRequest,
    betas: readonly string[],
    requestId: string,
    read: (body: JsonObject) => ReadRequest<T>,
  ): { refusal: WireRefusal } | (AnthropicSubject & { readonly request: T; readonly body: JsonObject }) {
    if (body === undefined) return refuse(requestId, "The request body is not valid JSON");
    if (!isJsonObject(body)) return refuse(requestId, "Input should be an object");
    const parsed = read(body);
    if (!parsed.ok) return refuse(requestId, parsed.message);
    const model = findAnthropicModel(parsed.request.model);
    if (model === undefined) return refuse(requestId, `model: ${parsed.request.model}`, 404);
    const inputTokens = Math.ceil(text.length / 4);
    const subject = { request: parsed.request, body, model, betas, inputTokens, minter };
    for (const rule of rules) {
      const message = rule(subject);
      if (message !== undefined) return refuse(requestId, message);
    }
    return subject;
  }

  function messages(request: WireRequest, caller: Caller, requestId: string): Judgement {
    const subject = judge(request, betasOf(request), requestId, readMessagesRequest);
    if ("refusal" in subject) return subject;
    const stream = subject.request.stream === true;
    const thinking = thinkingView(subject);
    return {
      call: {
        body: subject.body,
        caller,
        model: subject.model.id,
        conversation: readMessagesConversation(subject.request),
        forcedTool: readForcedTool(subject.request),
        stream,
        framing: stream ? framing : documentFraming,
        errors: anthropicErrors,
        oddities,
        variant: `anthropic ${stream} ${thinking}`,
        render: (answer) => renderMessage(answer, { thinking }),
        inputTokens: subject.inputTokens,
        requestId,
        headers: {
          "request-id": requestId,
          "anthropic-organization-id": "00000000-0000-4000-8000-000000000000",
          "cache-control": "no-cache",
        },
      },
    };
  }

  function countTokens(request: WireRequest, _caller: Caller, requestId: string): Judgement {
    const subject = judge(request, betasOf(request), requestId, readCountRequest);
    if ("refusal" in subject) return subject;
    return { reply: { input_tokens: subject.inputTokens }, headers: { "request-id": requestId } };
  }

  function models(_request: WireRequest, _caller: Caller, requestId: string): Judgement {
    return { reply: anthropicModelsDocument(), headers: { "request-id": requestId } };
  }

  function oneModel({ url }: WireRequest, _caller: Caller, requestId: string): Judgement {
    const name = decodeURIComponent(url.pathname.slice("/v1/models/".length));
    const document = anthropicModelDocument(name);
    if (document === undefined) return refuse(requestId, `model: ${name}`, 404);
    return { reply: document, headers: { "request-id": requestId } };
  }

  function findRoute({ method, url, headers }: WireRequest): typeof messages | undefined {
    const { pathname } = url;
    if (method === "POST" && pathname === "/v1/messages") return messages;
    if (method === "POST" && pathname === "/v1/messages/count_tokens") return countTokens;
    // `/v1/models` is shared with others: the version header tells whose it is.
    if (method !== "GET" || headers["anthropic-version"] === undefined) return undefined;
    if (pathname === "/v1/models") return models;
    return pathname.startsWith("/v1/models/") ? oneModel : undefined;
  }

  return (request) => {
    const route = findRoute(request);
    if (route === undefined) return undefined;
    const requestId = `req_011C${minter.uuid().replaceAll("-", "").slice(0, 20)}`;
    const caller = findCaller(request, accounts);
    if (typeof caller === "string") return refuse(requestId, caller, 401);
    request.setAccount(caller.accountId);
    const problem = headerProblem(request);
    return problem === undefined ? route(request, caller, requestId) : refuse(requestId, problem);
  };
}
