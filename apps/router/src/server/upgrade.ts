import type { Server } from "node:http";
import { RouterError } from "@turnout/core";
import { getCodec } from "@turnout/translator";

/**
 * Refuses every WebSocket upgrade at once with 426. That status alone sends the Codex CLI to HTTP without delay; others
 * cost it seconds, an unanswered handshake minutes (measured 2026-10).
 */
export function refuseUpgrades(server: Server): void {
  const error = new RouterError("upgrade-unsupported", "WebSocket is not served here: send the request over HTTP", {});
  const { body } = getCodec("openai-responses").encodeError(error, "");
  const text = JSON.stringify(body);
  const answer = [
    "HTTP/1.1 426 Upgrade Required",
    "connection: close",
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(text)}`,
    "",
    text,
  ].join("\r\n");
  server.on("upgrade", (_request, socket) => {
    // A client that has already gone is no concern of ours.
    socket.on("error", () => socket.destroy());
    socket.end(answer);
  });
}
