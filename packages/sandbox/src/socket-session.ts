import type { Socket } from "node:net";
import { isJsonObject, type JsonObject, type JsonValue, type Runtime, type Timer } from "@turnout/core";
import type { RawData, WebSocket } from "ws";
import type { Caller } from "./accounts.ts";
import { createAnchor, type Anchor } from "./anchor.ts";
import { parseJson } from "./json.ts";
import { startKeepAlive } from "./keep-alive.ts";
import type { Minter } from "./minter.ts";
import type { ParsedSandboxOptions } from "./options.ts";
import { groupBatches, startPump } from "./pump.ts";
import type { ResponseStore } from "./openai/response-store.ts";
import { checkApiRequest } from "./openai/responses-rules.ts";
import type { OpenRecord, Recorder } from "./records.ts";
import { apiRefusal, refusalEvent, type Refusal } from "./refusal.ts";
import type { PreparedAnswer, Responder } from "./responder.ts";
import { planDelivery, type Delivery } from "./script/delivery.ts";
import { fillTemplate } from "./script/template.ts";
import { cutSocket, sendBytes, sendEvents } from "./socket-frames.ts";
import type { StreamSet } from "./stream-set.ts";
import { checkCodexRequest } from "./strict/check-request.ts";
import { parseResponsesRequest, type InputItem, type ResponsesRequest } from "./strict/request-schema.ts";
import type { HeaderMap } from "./strict/rule.ts";

export interface SocketSessionOptions {
  readonly runtime: Runtime;
  readonly minter: Minter;
  readonly responder: Responder;
  readonly recorder: Recorder;
  readonly streams: StreamSet;
  /** What API keys stored; ChatGPT accounts store nothing. */
  readonly responses: ResponseStore;
  readonly options: ParsedSandboxOptions;
}

/** A socket right after its handshake. */
export interface OpenedSocket {
  readonly socket: WebSocket;
  readonly raw: Socket;
  readonly path: string;
  readonly headers: HeaderMap;
  readonly connection: number;
  readonly caller: Caller;
}

interface RunningAnswer {
  readonly record: OpenRecord;
  stop(): void;
}

const connectionLimit = apiRefusal(400, {
  code: "websocket_connection_limit_reached",
  message: "Responses websocket connection limit reached (60 minutes). Create a new websocket connection to continue.",
});

function staleAnchor(responseId: string): Refusal {
  const message = `Previous response with id '${responseId}' not found.`;
  return apiRefusal(400, { code: "previous_response_not_found", message, param: "previous_response_id" });
}

/** Runs one socket: many responses, one after the other, the latest of which can be continued. */
export function startSocketSession(deps: SocketSessionOptions, opened: OpenedSocket): void {
  const { runtime, minter, responder, responses, recorder, streams, options } = deps;
  const { socket, raw, path, headers, connection, caller } = opened;
  const openedAt = runtime.monotonic();
  const keepAlive = startKeepAlive(socket, runtime);
  let anchor: Anchor | undefined;
  let running: RunningAnswer | undefined;

  function openRecord(kind: OpenRecord["kind"], body: JsonValue | undefined, bytes: number): OpenRecord {
    const { accountId } = caller;
    const record = recorder.open({ kind, transport: "ws", method: "GET", path, headers, connection, accountId });
    recorder.addBody(record, body, bytes);
    return record;
  }

  function refuse(record: OpenRecord, refusal: Refusal): void {
    record.status = refusal.status;
    record.outcome = "refused";
    socket.send(JSON.stringify(refusalEvent(refusal)));
  }

  /** The conversation that a request continues or begins. */
  function wholeInput(request: ResponsesRequest): readonly InputItem[] | Refusal {
    const previous = request.previous_response_id;
    if (caller.kind === "api-key" && (anchor === undefined || anchor.responseId !== previous)) {
      const items = responses.resolve(caller.accountId, request);
      if (!("message" in items)) return items;
      const { status = 400, message, code, param } = items;
      return apiRefusal(status, { message, ...(code ? { code } : {}), ...(param ? { param } : {}) });
    }
    if (previous === undefined || previous === null) return request.input;
    return anchor?.responseId === previous ? [...anchor.items(), ...request.input] : staleAnchor(previous);
  }

  function check(
    record: OpenRecord,
    body: JsonObject,
  ): { request: ResponsesRequest; input: readonly InputItem[] } | Refusal {
    if (runtime.monotonic() - openedAt >= options.socketMaxAgeMs) return connectionLimit;
    const parsed = parseResponsesRequest(body);
    if (!parsed.ok) return parsed.refusal;
    const { request } = parsed;
    const input = wholeInput(request);
    if ("status" in input) return input;
    record.input = input;
    const subject = { request, input, transport: "ws", headers, accountId: caller.accountId, minter } as const;
    const refusal = caller.kind === "chatgpt" ? checkCodexRequest(subject) : checkApiRequest(subject, responses);
    return refusal ?? { request, input };
  }

  function settle(record: OpenRecord, prepared: PreparedAnswer, delivery: Delivery | undefined, next: Anchor): void {
    const ending = delivery?.ending ?? { type: "normal" };
    if (ending.type === "stall") return;
    running?.stop();
    running = undefined;
    const whole = delivery?.faulted !== true;
    record.outcome = whole ? prepared.finish.type : "faulted";
    record.status = delivery?.errorStatus ?? (whole ? 200 : undefined);
    // A failed turn evicts what it referred to.
    anchor = whole && prepared.finish.type === "completed" ? next : undefined;
    if (ending.type === "cut") cutSocket(socket, raw, ending);
    else if (ending.type === "end") socket.close(1000);
  }

  function send(record: OpenRecord, prepared: PreparedAnswer, next: Anchor): { stop(): void } {
    const context = { now: Math.floor(runtime.now() / 1000), planType: caller.planType };
    const delivery =
      prepared.fault === undefined ? undefined : planDelivery(prepared.events(), prepared.fault, context);
    const done = () => settle(record, prepared, delivery, next);
    if (delivery?.oneByteChunks === true) return sendBytes(raw, delivery.events, done);
    const events =
      delivery?.events ??
      prepared.frames.map(({ type, template, delayMs }) => ({
        type,
        data: fillTemplate(template, prepared.values),
        delayMs,
      }));
    return startPump({
      batches: groupBatches(events, options.eventsPerWrite),
      runtime,
      write: (batch) => sendEvents(socket, raw, batch),
      onceDrained: (callback) => raw.once("drain", callback),
      done,
    });
  }

  function create(body: JsonObject, bytes: number): void {
    const record = openRecord("response", body, bytes);
    if (running !== undefined) {
      const message = "Another response is in progress on this connection. Wait for it to finish.";
      refuse(record, apiRefusal(400, { message, code: "response_in_progress" }));
      return;
    }
    const checked = check(record, body);
    if ("status" in checked) {
      anchor = undefined;
      refuse(record, checked);
      return;
    }
    const { request, input } = checked;
    const cachedTokens = typeof request.previous_response_id === "string" ? (anchor?.tokens ?? 0) : 0;
    const inputTokens = cachedTokens + Math.ceil(bytes / 4);
    const prepared = responder.prepare({ transport: "ws", request, body, input, caller, inputTokens, cachedTokens });
    record.responseId = prepared.responseId;
    recorder.addOutput(record, prepared.outputText);
    const tokens = inputTokens + Math.ceil(prepared.outputText.length / 8);
    if (caller.kind === "api-key" && request.store !== false && prepared.fault === undefined) {
      const { outputText, responseId } = prepared;
      responses.save(caller.accountId, responseId, { input, outputText, document: prepared.document() });
    }
    const next = createAnchor(prepared.responseId, input, prepared.outputText, tokens);
    run(record, () => send(record, prepared, next));
  }

  function run(record: OpenRecord, start: () => { stop(): void }): void {
    let stop = () => {};
    const stream = streams.add(() => stop());
    running = {
      record,
      stop() {
        stop();
        streams.delete(stream);
      },
    };
    const begin = () => {
      stop = start().stop;
    };
    if (options.latencyMs === 0) begin();
    else {
      const timer: Timer = runtime.setTimer(options.latencyMs, begin);
      stop = () => timer.cancel();
    }
  }

  function receive(data: RawData, isBinary: boolean): void {
    if (isBinary) {
      openRecord("other", undefined, 0).outcome = "refused";
      socket.close(1003, "Only text messages are accepted");
      return;
    }
    // With the default `binaryType` a message is always one Buffer.
    const text = (data as Buffer).toString();
    const body = parseJson(text);
    if (!isJsonObject(body) || typeof body.type !== "string") {
      const message = "A message must be a JSON object with a type";
      refuse(openRecord("other", body, text.length), apiRefusal(400, { message, code: "invalid_message" }));
    } else if (body.type === "response.create") create(body, text.length);
    else if (body.type !== "response.processed") {
      const message = `Unknown message type: ${body.type}`;
      refuse(
        openRecord("other", body, text.length),
        apiRefusal(400, { message, code: "unknown_message_type", param: "type" }),
      );
    }
  }

  socket.on("message", receive);
  // A frame over the limit, or one that breaks the protocol: `ws` closes with the code for it.
  socket.on("error", () => {});
  raw.once("close", () => {
    keepAlive.stop();
    if (running === undefined) return;
    running.stop();
    if (running.record.outcome === "pending") running.record.outcome = "aborted";
    running = undefined;
  });
}
