import type { AccountBook } from "../accounts.ts";
import type { Minter } from "../minter.ts";
import { documentFraming, sseFraming, type Oddities } from "../wire/dialect.ts";
import { bearerKey, findKeyOwner } from "../wire/key.ts";
import { frame } from "../wire/rendered-answer.ts";
import type { Judgement, WireRequest, WireRoute } from "../wire/wire-routes.ts";
import { readChatConversation, readForcedFunction } from "./conversation.ts";
import { chatErrors, openaiRefusal, type Problem } from "./errors.ts";
import { messageRules } from "./message-rules.ts";
import { findOpenaiModel, openaiModelDocument, openaiModelsDocument } from "./models.ts";
import { parameterRules } from "./parameter-rules.ts";
import { readChatRequest } from "./read-request.ts";
import { renderChat, type ChatContext } from "./render.ts";
import type { ChatRule } from "./rule.ts";
import { toolRules } from "./tool-rules.ts";

export interface OpenaiOptions {
  readonly accounts: AccountBook;
  readonly minter: Minter;
}

const rules: readonly ChatRule[] = [...parameterRules, ...messageRules, ...toolRules];

const framing = sseFraming({ named: false });

const shell = { id: "chatcmpl-odd", object: "chat.completion.chunk", created: 0, model: "gpt-odd" };

const oddities: Oddities = {
  deltaName: "",
  wrongType: { ...shell, choices: [{ index: "zero", delta: { content: { a: 42 } }, finish_reason: 7 }] },
  unknown: frame("", { ...shell, object: "chat.future.thing", future: { a: [1] } }),
  late: frame("", { ...shell, choices: [{ index: 0, delta: { content: "after the end" }, finish_reason: null }] }),
};

function missingModel(model: string): Problem {
  const message = `The model \`${model}\` does not exist or you do not have access to it.`;
  return { status: 404, message, code: "model_not_found" };
}

/** What is wrong with the key; OpenAI shows its ends only, and so do we. */
function keyProblem(key: string | undefined): Problem {
  if (key === undefined) {
    const message =
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth " +
      "(i.e. Authorization: Bearer YOUR_KEY).";
    return { status: 401, message };
  }
  const shown = `${key.slice(0, 3)}***${key.slice(-2)}`;
  const message = `Incorrect API key provided: ${shown}. You can find your API key at https://platform.openai.com/account/api-keys.`;
  return { status: 401, message, code: "invalid_api_key" };
}

/** Chat Completions and the model list of OpenAI. */
export function createOpenaiLanguage({ accounts, minter }: OpenaiOptions): WireRoute {
  function chat(wire: WireRequest, requestId: string): Judgement {
    const key = bearerKey(wire.headers.authorization);
    const caller = key === undefined ? undefined : findKeyOwner(accounts, key);
    if (caller === undefined) return { refusal: openaiRefusal(requestId, keyProblem(key)) };
    wire.setAccount(caller.accountId);
    const parsed = readChatRequest(wire.body);
    if (!parsed.ok) return { refusal: openaiRefusal(requestId, parsed.problem) };
    const { request } = parsed;
    const model = findOpenaiModel(request.model);
    if (model === undefined) return { refusal: openaiRefusal(requestId, missingModel(request.model)) };
    const inputTokens = Math.ceil(wire.text.length / 4);
    for (const rule of rules) {
      const problem = rule({ request, model, inputTokens });
      if (problem !== undefined) return { refusal: openaiRefusal(requestId, problem) };
    }
    const stream = request.stream === true;
    const context: ChatContext = {
      showsReasoning: model.id === "deepseek-reasoner",
      includeUsage: request.stream_options?.include_usage === true,
      choices: request.n ?? 1,
      logprobs: request.logprobs === true,
    };
    return {
      call: {
        body: wire.body ?? null,
        caller,
        model: model.id,
        conversation: readChatConversation(request),
        forcedTool: readForcedFunction(request),
        stream,
        framing: stream ? framing : documentFraming,
        errors: chatErrors,
        oddities,
        variant: `chat ${stream} ${Object.values(context).join(" ")}`,
        render: (answer) => renderChat(answer, context),
        inputTokens,
        requestId,
        headers: { "x-request-id": requestId, "openai-processing-ms": "1", "cache-control": "no-cache" },
      },
    };
  }

  function models({ headers, url }: WireRequest, requestId: string): Judgement {
    const key = bearerKey(headers.authorization);
    if (key === undefined || findKeyOwner(accounts, key) === undefined) {
      return { refusal: openaiRefusal(requestId, keyProblem(key)) };
    }
    const id = decodeURIComponent(url.pathname.slice("/v1/models/".length));
    const document = id === "" ? openaiModelsDocument() : openaiModelDocument(id);
    if (document === undefined) return { refusal: openaiRefusal(requestId, missingModel(id)) };
    return { reply: document, headers: { "x-request-id": requestId } };
  }

  return (request) => {
    const { method, url } = request;
    if (method === "POST" && url.pathname === "/v1/chat/completions") return chat(request, `req_${minter.uuid()}`);
    const isModels = url.pathname === "/v1/models" || url.pathname.startsWith("/v1/models/");
    return method === "GET" && isModels ? models(request, `req_${minter.uuid()}`) : undefined;
  };
}
