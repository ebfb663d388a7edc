import { isJsonObject, type JsonObject } from "@turnout/core";
import type { AccountBook, Caller } from "../accounts.ts";
import type { Minter } from "../minter.ts";
import { documentFraming, sseFraming, type Framing, type Oddities } from "../wire/dialect.ts";
import { findKeyOwner } from "../wire/key.ts";
import { frame } from "../wire/rendered-answer.ts";
import type { Judgement, WireRequest, WireRoute } from "../wire/wire-routes.ts";
import { configRules } from "./config-rules.ts";
import { contentRules, formRules } from "./content-rules.ts";
import { readForcedDeclaration, readGeminiConversation } from "./conversation.ts";
import { geminiErrors, type GeminiProblem } from "./errors.ts";
import { countRequest, generateRequest } from "./messages.ts";
import { findGeminiModel, geminiModelDocument, geminiModelsDocument, type GeminiModel } from "./models.ts";
import { readProto, type Message, type Violation } from "./proto.ts";
import { renderGemini, type GeminiContext } from "./render.ts";
import { geminiRequestSchema, type GeminiRequest } from "./request-schema.ts";
import type { GeminiRule } from "./rule.ts";
import { toolRules } from "./tool-rules.ts";

export interface GeminiOptions {
  readonly accounts: AccountBook;
  readonly minter: Minter;
}

const rules: readonly GeminiRule[] = [...contentRules, ...configRules, ...toolRules];

const sse = sseFraming({ named: false, lineEnd: "\r\n" });

/** Without `alt=sse` a stream is one JSON array that grows. */
const arrayFraming: Framing = {
  contentType: "application/json; charset=UTF-8",
  end: "]",
  text: (name, data, index) => (name === "comment" ? "" : `${index === 0 ? "[" : ",\r\n"}${data}`),
};

const oddities: Oddities = {
  deltaName: "",
  wrongType: { candidates: { content: [7] }, usageMetadata: "none" },
  unknown: frame("", { futureThing: { a: [1] } }),
  late: frame("", { candidates: [{ content: { parts: [{ text: "after the end" }], role: "model" }, index: 0 }] }),
};

const path = /^\/v1(?:beta)?\/models(?:\/([^/:]+)(?::(generateContent|streamGenerateContent|countTokens))?)?$/;

const anonymous: GeminiProblem = {
  code: 403,
  message:
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other " +
    "form of API consumer identity to call this API.",
};

const badKey = "API key not valid. Please pass a valid API key.";
const wrongKey: GeminiProblem = {
  message: badKey,
  details: [
    {
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: "API_KEY_INVALID",
      domain: "googleapis.com",
      metadata: { service: "generativelanguage.googleapis.com" },
    },
    { "@type": "type.googleapis.com/google.rpc.LocalizedMessage", locale: "en-US", message: badKey },
  ],
};

function unknownModel(name: string, version: string): GeminiProblem {
  const message =
    `models/${name} is not found for API version ${version}, or is not supported for generateContent. ` +
    "Call ModelService.ListModels to see the list of available models and their supported methods.";
  return { code: 404, message };
}

function unreadable(violations: readonly Violation[]): GeminiProblem {
  const fieldViolations = violations.map(({ field, description }) => ({
    ...(field === "" ? {} : { field }),
    description,
  }));
  return {
    message: violations.map(({ description }) => description).join("\n"),
    details: [{ "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations }],
  };
}

interface Read {
  readonly request: GeminiRequest;
  readonly body: JsonObject;
}

function isProblem(value: object): value is GeminiProblem {
  return "message" in value;
}

/** Reads a body like Google's front end, then takes the request out of it. */
function readBody({ body }: WireRequest, message: Message, pick: (value: JsonObject) => unknown): Read | GeminiProblem {
  if (!isJsonObject(body)) {
    return { message: "Invalid JSON payload received. Expected an object key or }." };
  }
  const { value, violations } = readProto(message, body);
  if (violations.length > 0 || !isJsonObject(value)) return unreadable(violations);
  return { request: geminiRequestSchema.parse(pick(value)), body };
}

/** The Gemini API: answers, streams, token counts and models. */
export function createGeminiLanguage({ accounts, minter }: GeminiOptions): WireRoute {
  function findCaller({ headers, url }: WireRequest): Caller | GeminiProblem {
    const key = headers["x-goog-api-key"] ?? url.searchParams.get("key");
    if (key === null || key === undefined || key === "") return anonymous;
    return findKeyOwner(accounts, key) ?? wrongKey;
  }

  function refuse(problem: GeminiProblem, asArray = false): Judgement {
    const { code = 400, ...error } = problem;
    return { refusal: { status: code, body: geminiErrors(asArray).body(code, error, "") } };
  }

  function check(
    read: Read,
    model: GeminiModel,
    inputTokens: number,
    kept: readonly GeminiRule[] = rules,
  ): GeminiProblem | undefined {
    for (const rule of kept) {
      const message = rule({ request: read.request, model, inputTokens, minter });
      if (message !== undefined) return { message };
    }
    return undefined;
  }

  function generate(wire: WireRequest, caller: Caller, model: GeminiModel, stream: boolean): Judgement {
    const asArray = stream && wire.url.searchParams.get("alt") !== "sse";
    const read = readBody(wire, generateRequest, (value) => value);
    if (isProblem(read)) return refuse(read, asArray);
    const inputTokens = Math.ceil(wire.text.length / 4);
    const problem = check(read, model, inputTokens);
    if (problem !== undefined) return refuse(problem, asArray);
    const { request } = read;
    const context: GeminiContext = {
      thoughts: request.generationConfig?.thinkingConfig?.includeThoughts === true,
      signs: model.generation === 3,
      candidates: request.generationConfig?.candidateCount ?? 1,
    };
    return {
      call: {
        body: read.body,
        caller,
        model: model.id,
        conversation: readGeminiConversation(request),
        forcedTool: readForcedDeclaration(request),
        stream,
        framing: stream ? (asArray ? arrayFraming : sse) : documentFraming,
        errors: geminiErrors(asArray),
        oddities,
        variant: `gemini ${stream} ${asArray} ${Object.values(context).join(" ")}`,
        render: (answer) => renderGemini(answer, context),
        inputTokens,
        requestId: "",
        headers: { vary: "Origin, X-Origin, Referer", "server-timing": "gfet4t7; dur=1" },
      },
    };
  }

  function countTokens(wire: WireRequest, model: GeminiModel): Judgement {
    const read = readBody(wire, countRequest, (value) => value.generateContentRequest ?? value);
    if (isProblem(read)) return refuse(read);
    const inputTokens = Math.ceil(wire.text.length / 4);
    const whole = read.body.generateContentRequest ?? read.body.generate_content_request;
    const problem = check(read, model, inputTokens, whole === undefined ? formRules : rules);
    if (problem !== undefined) return refuse(problem);
    return {
      reply: {
        totalTokens: inputTokens,
        promptTokensDetails: [{ modality: "TEXT", tokenCount: inputTokens }],
      },
    };
  }

  return (wire) => {
    const { method, url, headers } = wire;
    const match = path.exec(url.pathname);
    if (match === null) return undefined;
    const [, name, action] = match;
    // `/v1/models` is shared with others: the key tells whose it is.
    const isOurs = url.pathname.startsWith("/v1beta/") || action !== undefined;
    if (!isOurs && headers["x-goog-api-key"] === undefined && !url.searchParams.has("key")) return undefined;
    if ((method === "POST") !== (action !== undefined)) return undefined;
    const caller = findCaller(wire);
    const asArray = action === "streamGenerateContent" && url.searchParams.get("alt") !== "sse";
    if (isProblem(caller)) return refuse(caller, asArray);
    wire.setAccount(caller.accountId);
    if (name === undefined) return { reply: geminiModelsDocument() };
    const model = findGeminiModel(name);
    if (model === undefined) return refuse(unknownModel(name, url.pathname.split("/")[1] ?? ""), asArray);
    if (action === undefined) return { reply: geminiModelDocument(model) };
    if (action === "countTokens") return countTokens(wire, model);
    return generate(wire, caller, model, action === "streamGenerateContent");
  };
}
