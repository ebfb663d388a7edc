import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { AccountBook, Caller } from "./accounts.ts";
import { headerMap, isTcpSocket, refuseUpgrade } from "./http-server.ts";
import { edgePage } from "./http-stream.ts";
import { modelsEtag } from "./models.ts";
import type { OpenRecord, Recorder } from "./records.ts";
import { detailRefusal, type Refusal } from "./refusal.ts";
import type { ScenarioQueue } from "./scenarios.ts";
import type { ParsedFault } from "./script/fault-schema.ts";
import { startSocketSession, type SocketSessionOptions } from "./socket-session.ts";
import { checkHandshakeHeaders } from "./strict/headers.ts";
import type { PlanUsage } from "./usage.ts";

export interface UpgradeOptions extends SocketSessionOptions {
  readonly recorder: Recorder;
  readonly accounts: AccountBook;
  readonly scenarios: ScenarioQueue;
  readonly usage: PlanUsage;
  /** The paths that speak WebSocket, and whose they are. */
  readonly paths: ReadonlyMap<string, Caller["kind"]>;
  connectionNumber(socket: Duplex): number;
}

export interface Upgrades {
  readonly openSockets: number;
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** True when the fault took the place of the handshake. */
function applyFault(record: OpenRecord, socket: Duplex, fault: ParsedFault | undefined): boolean {
  if (fault?.type === "hang") {
    socket.once("close", () => {
      if (record.outcome === "pending") record.outcome = "aborted";
    });
    // Without a reader the end of the client would not be seen.
    socket.resume();
    return true;
  }
  if (fault?.type !== "handshake" && fault?.type !== "html") return false;
  record.status = fault.status;
  record.outcome = "faulted";
  const html = fault.type === "html" || fault.html;
  const type = { "content-type": html ? "text/html; charset=UTF-8" : "application/json" };
  const headers = fault.type === "handshake" ? { ...type, ...fault.headers } : type;
  const body = fault.type === "html" || fault.html ? edgePage : (fault.body ?? { detail: "Scripted" });
  refuseUpgrade(socket, fault.status, headers, typeof body === "string" ? body : JSON.stringify(body));
  return true;
}

/** Answers WebSocket handshakes. */
export function createUpgrades(deps: UpgradeOptions): Upgrades {
  const { options, accounts, scenarios, recorder, minter, usage, paths, connectionNumber } = deps;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    // The backend closes on a message of the limit itself.
    maxPayload: options.maxFrameBytes - 1,
  });
  const answerHeaders = new WeakMap<IncomingMessage, Readonly<Record<string, string>>>();
  server.on("headers", (lines, request) => {
    for (const [name, value] of Object.entries(answerHeaders.get(request) ?? {})) lines.push(`${name}: ${value}`);
  });
  let openSockets = 0;

  function refuse(record: OpenRecord, socket: Duplex, refusal: Refusal): void {
    record.status = refusal.status;
    record.outcome = "refused";
    const headers = { "content-type": "application/json", "x-request-id": minter.uuid(), ...refusal.headers };
    refuseUpgrade(socket, refusal.status, headers, JSON.stringify(refusal.body));
  }

  function handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = request.url ?? "/";
    const headers = headerMap(request);
    const connection = connectionNumber(socket);
    const record = recorder.open({ kind: "handshake", transport: "ws", method: "GET", path, headers, connection });
    const kind = paths.get(path.split("?", 1)[0] ?? path);
    if (kind === undefined || !isTcpSocket(socket)) {
      refuse(record, socket, detailRefusal(404, "Not Found"));
      return;
    }
    const login = accounts.authenticate(headers.authorization);
    if (!login.ok) {
      refuse(record, socket, login.refusal);
      return;
    }
    const { caller } = login;
    record.accountId = caller.accountId;
    const refusal =
      caller.kind !== kind
        ? detailRefusal(401, "This credential is for another endpoint")
        : kind === "chatgpt"
          ? checkHandshakeHeaders(headers, caller.accountId, minter)
          : undefined;
    if (refusal !== undefined) {
      refuse(record, socket, refusal);
      return;
    }
    if (applyFault(record, socket, scenarios.takeForHandshake())) return;
    answerHeaders.set(request, {
      "x-request-id": minter.uuid(),
      ...(kind === "chatgpt"
        ? {
            "x-models-etag": modelsEtag,
            "x-reasoning-included": "true",
            "x-codex-turn-state": `ts_${minter.token(caller.accountId)}`,
            ...usage.headers(caller),
          }
        : {}),
    });
    server.handleUpgrade(request, socket, head, (webSocket) => {
      openSockets += 1;
      socket.once("close", () => {
        openSockets -= 1;
      });
      record.status = 101;
      record.outcome = "accepted";
      startSocketSession(deps, { socket: webSocket, raw: socket, path, headers, connection, caller });
    });
    // `ws` answers a broken handshake (no key, wrong version) by itself.
    if (record.outcome === "pending") record.outcome = "refused";
  }

  return {
    get openSockets() {
      return openSockets;
    },
    handle,
  };
}
