import type { AnyRouterError, FinishReason, TranslationReport, Usage, WireEvent } from "@turnout/core";
import { RouterError } from "@turnout/core";
import type { OpenedAnswer } from "./attempt.ts";
import type { ClientStream } from "./client-stream.ts";
import type { DecodedExchange } from "./exchange.ts";
import { nextBatch } from "./next-batch.ts";
import { mergeReports } from "./report.ts";

/** How an answer went, for the log. */
export interface AnswerOutcome {
  readonly usage: Usage | undefined;
  readonly finish: FinishReason | undefined;
  readonly report: TranslationReport;
  /** A failure after the client had received the beginning. */
  readonly failure: AnyRouterError | undefined;
}

/** Writes the one document. */
export function answerWithDocument(
  exchange: DecodedExchange,
  opened: Extract<OpenedAnswer, { kind: "document" }>,
  headers: Readonly<Record<string, string>>,
): AnswerOutcome {
  exchange.client.answer(opened.body, headers);
  return { usage: opened.usage, finish: opened.finish, report: opened.report, failure: undefined };
}

/**
 * Streams the answer out: one write per batch, waiting where the client reads slowly. Ends with exactly one terminal event
 * or one failure in the client's grammar, unless the client is gone.
 */
export async function answerWithStream(
  exchange: DecodedExchange,
  opened: Exclude<OpenedAnswer, { kind: "document" }>,
  stream: ClientStream,
  headers: Readonly<Record<string, string>>,
): Promise<AnswerOutcome> {
  if (opened.kind === "events") {
    stream.begin(headers, exchange.codec.createEventEncoder(exchange.answer));
    stream.end(opened.events);
    return { usage: opened.usage, finish: opened.finish, report: opened.report, failure: undefined };
  }
  const { road } = opened;
  stream.begin(headers, road.voice);
  const { failure, last } = await pump(exchange, opened, stream);
  if (failure === undefined || failure.code === "client-closed" || road.failureTold) stream.end(last);
  else {
    await stream.write(last);
    stream.fail(failure);
  }
  const report = mergeReports(opened.report, road.report);
  return { usage: road.usage, finish: road.finish, report, failure };
}

/** How the stream went, and the events that are still to be written. */
interface PumpResult {
  readonly failure: AnyRouterError | undefined;
  readonly last: readonly WireEvent[];
}

async function pump(
  exchange: DecodedExchange,
  opened: Extract<OpenedAnswer, { kind: "stream" }>,
  stream: ClientStream,
): Promise<PumpResult> {
  const { road, batches } = opened;
  let out: WireEvent[] = [...opened.held];
  try {
    while (!road.ended) {
      const slow = stream.write(out);
      out = [];
      if (slow !== undefined) await slow;
      if (exchange.signal.aborted) throw exchange.signal.reason;
      const next = await nextBatch(exchange, road, batches, out);
      if (next?.done === true) road.end(out);
      else if (next !== undefined) road.convert(next.value, out);
    }
    return { failure: road.failure, last: out };
  } catch (error) {
    // What came before the failure in the same read still belongs to the client.
    return { failure: RouterError.from(error), last: out };
  } finally {
    await batches.return?.();
  }
}
