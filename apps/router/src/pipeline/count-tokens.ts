import type { Account, ExecuteContext, Executor, JsonObject, WireRequest } from "@turnout/core";
import { failureAction, isJsonObject, RouterError } from "@turnout/core";
import type { TokenCounting } from "@turnout/translator";
import { getCodec } from "@turnout/translator";
import type { Provider } from "../registry/provider.ts";
import type { ClientConnection } from "../server/client-connection.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import type { RequestTarget } from "./exchange.ts";
import type { PipelineOptions } from "./handle.ts";
import { noAccount } from "./plan.ts";
import { receiveBody } from "./receive.ts";
import { refusalHeaders } from "./refusal-headers.ts";
import { sendJson } from "./send-json.ts";
import { sessionHints } from "./session-hints.ts";
import { withoutSecret } from "./without-secret.ts";

interface Count {
  readonly body: JsonObject;
  /** Who counted: an executor, or `estimate`. */
  readonly by: string;
}

/**
 * Tells how many tokens a request takes: asks an upstream of the client's own language, estimates for any other. Which of the
 * two it was stands in `x-turnout-count`.
 */
export async function handleCountTokens(
  target: RequestTarget,
  client: ClientConnection,
  requestId: string,
  options: PipelineOptions,
): Promise<void> {
  const { wire } = target;
  const exchange = { client, requestId, wire };
  try {
    const { body, by } = await count(target, client, requestId, options);
    sendJson(exchange, 200, { "x-turnout-count": by }, body);
    options.log.info({ requestId, wire, countedBy: by, status: 200 }, "tokens counted");
  } catch (thrown) {
    const error = RouterError.from(thrown);
    if (error.code === "client-closed") {
      options.log.info({ requestId, wire }, "request left by its client");
      return;
    }
    const { status, body, headers } = getCodec(wire).encodeError(error, requestId);
    sendJson(exchange, status, { ...headers, ...refusalHeaders(error, client.incoming) }, body);
    options.log.warn(
      { requestId, wire, status, error: { code: error.code, message: error.message } },
      "request failed",
    );
  }
}

async function count(
  target: RequestTarget,
  client: ClientConnection,
  requestId: string,
  options: PipelineOptions,
): Promise<Count> {
  const counting = countingOf(target);
  const body = await receiveBody(client.incoming, options.bodyLimitBytes);
  if (!isJsonObject(body)) throw new RouterError("request-invalid", "Cannot read the request: not a JSON object", {});
  const { value: request } = counting.decodeRequest({ ...body, ...target.address });
  const { provider, upstreamModel } = options.registry.lookup(request.model);
  const executor = provider.executors.find((candidate) => canCount(candidate, target));
  if (executor === undefined) return { body: counting.encodeCount(estimateTokens(request)), by: "estimate" };
  const place = getCodec(target.wire).requestPlace;
  const session = sessionHints(client, request);
  const upstreamBody = place === "address" ? body : { ...body, model: upstreamModel };
  const wireRequest = { model: upstreamModel, body: upstreamBody, stream: false, session, operation } as const;
  return { body: await ask(provider, executor, wireRequest, client.signal, requestId, options), by: executor.id };
}

const operation = "count-tokens";

function countingOf(target: RequestTarget): TokenCounting {
  const { counting } = getCodec(target.wire);
  if (counting === undefined) throw new RouterError("not-found", `${target.wire} cannot count tokens`, {});
  return counting;
}

function canCount(executor: Executor, target: RequestTarget): boolean {
  return executor.wire === target.wire && executor.operations?.includes(operation) === true;
}

/** Asks as one account after another, as long as what is wrong is the account. None is punished: counting has limits of its own. */
async function ask(
  provider: Provider,
  executor: Executor,
  request: WireRequest,
  signal: AbortSignal,
  requestId: string,
  { runtime }: PipelineOptions,
): Promise<JsonObject> {
  let failure = RouterError.from(noAccount(provider));
  const tried = new Set<string>();
  for (let account = whoMayCount(provider, request, tried); account; account = whoMayCount(provider, request, tried)) {
    tried.add(account.key);
    try {
      return await askAs(account, executor, request, { signal, runtime, requestId });
    } catch (error) {
      failure = RouterError.from(error);
      const action = failureAction[failure.code];
      if (action !== "next-account" && action !== "renew-credential") break;
    }
  }
  throw failure;
}

/** Limits of answers do not keep an account from counting; that one has reached them only makes others better. */
function whoMayCount({ pool }: Provider, request: WireRequest, tried: ReadonlySet<string>): Account | undefined {
  const { account } = pool.select({ model: request.model, sessionKey: request.session?.sessionId }, tried);
  return account ?? pool.accounts.find(({ key, disabled }) => disabled === undefined && !tried.has(key));
}

async function askAs(
  account: Account,
  executor: Executor,
  request: WireRequest,
  context: Omit<ExecuteContext, "credential">,
): Promise<JsonObject> {
  const credential = await account.lease(context.signal);
  const response = await executor.execute(request, { ...context, credential }).catch((error: unknown) => {
    throw withoutSecret(RouterError.from(error), credential);
  });
  if (response.kind === "document") return response.body;
  throw new RouterError("upstream-malformed", "Cannot count tokens: the upstream answered with a stream", {
    excerpt: "",
  });
}
