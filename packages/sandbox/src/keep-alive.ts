import type { Runtime, Timer } from "@turnout/core";
import type { WebSocket } from "ws";

const pingIntervalMs = 20_000;
const pongTimeoutMs = 60_000;
const graceTurns = 16;

/** Pings like the backend: every 20 s; no pong for 60 s closes with 1011. */
export function startKeepAlive(socket: WebSocket, runtime: Runtime): { stop(): void } {
  let unansweredSince: number | undefined;
  let stopped = false;
  let timer: Timer = runtime.setTimer(pingIntervalMs, tick);

  /** A clock that jumped (a test's, a laptop's) is no silence: pongs on their way get some turns to arrive. */
  function closeUnlessAnswered(turns: number): void {
    if (stopped) return;
    if (unansweredSince === undefined) timer = runtime.setTimer(pingIntervalMs, tick);
    else if (turns === 0) socket.close(1011, "keepalive ping timeout");
    else setImmediate(() => closeUnlessAnswered(turns - 1));
  }

  function tick(): void {
    const now = runtime.monotonic();
    if (unansweredSince !== undefined && now - unansweredSince >= pongTimeoutMs) {
      closeUnlessAnswered(graceTurns);
      return;
    }
    unansweredSince ??= now;
    socket.ping();
    timer = runtime.setTimer(pingIntervalMs, tick);
  }

  socket.on("pong", () => {
    unansweredSince = undefined;
  });
  return {
    stop() {
      stopped = true;
      timer.cancel();
    },
  };
}
