import { RouterError, type WireEvent } from "@turnout/core";
import type { OpenedAnswer } from "./attempt.ts";
import { commit, type CommitOptions } from "./commit.ts";
import type { DecodedExchange } from "./exchange.ts";
import { nothingLost } from "./report.ts";

/**
 * Answers a client that only wants its socket made ready. The upstream is warmed up where the first executor of the plan can do
 * that; when it cannot, or fails, turnout gives the empty answer itself, and nothing is lost but the head start.
 *
 * @throws {RouterError} `client-closed` or `shutting-down` only.
 */
export async function warmUp(exchange: DecodedExchange, options: CommitOptions): Promise<OpenedAnswer> {
  const { provider, plan } = options;
  const attempts = plan.attempts.slice(0, 1);
  const first = provider.executors.find((executor) => executor.id === attempts[0]?.executor);
  const canWarmUp = first?.wire === exchange.wire && first.operations?.includes("warm-up") === true;
  if (!canWarmUp) return emptyAnswer(exchange);
  try {
    return await commit(exchange, { ...options, plan: { ...plan, attempts }, onlyPlanned: true });
  } catch (error) {
    if (exchange.signal.aborted) throw RouterError.from(error);
    return emptyAnswer(exchange);
  }
}

function emptyAnswer(exchange: DecodedExchange): OpenedAnswer {
  const encoder = exchange.codec.createEventEncoder(exchange.answer);
  const events: WireEvent[] = [];
  const responseId = `resp_prewarm_${exchange.answer.idSeed}`;
  const usage = { inputFresh: 0, output: 0 };
  encoder.encode({ type: "start", responseId, model: exchange.request.model }, events);
  encoder.encode({ type: "finish", reason: "stop", usage }, events);
  return { kind: "events", meta: { headers: {} }, events, usage, finish: "stop", report: nothingLost };
}
