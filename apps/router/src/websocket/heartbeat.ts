import type { Socket } from "node:net";
import type { Runtime, Timer } from "@turnout/core";
import type { WebSocket } from "ws";

/** Lines through relays and home routers die after about 199 s of silence; every 25 to 30 s keeps them (codex.md 4.7). */
const pingEveryMs = 25_000;

/** Turns of the event loop in which an answer that is on its way may still arrive. */
const graceTurns = 16;

/** Pings a client, which keeps its line open, and cuts one that has not been heard of since the last ping. */
export function startHeartbeat(socket: WebSocket, raw: Socket, runtime: Runtime): { stop(): void } {
  /** How much had been read when the last ping went out; undefined when none is unanswered. */
  let readAtPing: number | undefined;
  let isStopped = false;
  let timer: Timer = runtime.setTimer(pingEveryMs, tick);

  function tick(): void {
    if (readAtPing !== undefined && raw.bytesRead === readAtPing) cutUnlessHeard(readAtPing, graceTurns);
    else beat();
  }

  /** After a jump of the clock (a laptop that slept) the answer may wait in the system's buffers. */
  function cutUnlessHeard(read: number, turns: number): void {
    if (isStopped) return;
    if (raw.bytesRead !== read) beat();
    else if (turns === 0) socket.terminate();
    else setImmediate(() => cutUnlessHeard(read, turns - 1));
  }

  function beat(): void {
    // A ping would wait behind what a slow client has not read yet, and so would its answer.
    const canAnswer = raw.writableLength === 0 && !socket.isPaused;
    readAtPing = canAnswer ? raw.bytesRead : undefined;
    if (canAnswer) socket.ping();
    timer = runtime.setTimer(pingEveryMs, tick);
  }

  return {
    stop: () => {
      isStopped = true;
      timer.cancel();
    },
  };
}
