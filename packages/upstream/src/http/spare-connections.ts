import type { Socket } from "node:net";

import { fromNodeError, type Runtime, type Timer } from "@turnout/core";
import { buildConnector } from "undici";

type Connector = ReturnType<typeof buildConnector>;

/** Connections opened before they are needed. */
export interface SpareConnections {
  /** For undici: hands out a spare one of that origin, else opens a new one. */
  readonly connector: Connector;
  /**
   * Opens a spare one, unless there is one already. It waits for `keepMs`, then it is closed.
   *
   * @throws {RouterError} `upstream-unavailable` when it cannot be opened, or the signal's reason.
   */
  prepare(origin: string, keepMs: number, runtime: Runtime, signal: AbortSignal): Promise<void>;
  close(): void;
}

interface Spare {
  readonly socket: Socket;
  readonly timer: Timer;
}

/** Origins with a spare connection; a provider has one or two. */
const maxOrigins = 16;

export function createSpareConnections(connectTimeoutMs: number): SpareConnections {
  const connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false });
  const spares = new Map<string, Spare>();

  function take(origin: string): Socket | undefined {
    const spare = spares.get(origin);
    spares.delete(origin);
    spare?.timer.cancel();
    return spare?.socket.destroyed === false ? spare.socket : undefined;
  }

  function open(origin: string): Promise<Socket> {
    const { hostname, host, protocol, port } = new URL(origin);
    return new Promise((resolve, reject) => {
      connect({ hostname, host, protocol, port }, (error, socket) => {
        if (error === null) resolve(socket);
        else reject(fromNodeError(error, `Cannot reach ${host}`, false));
      });
    });
  }

  function keep(origin: string, socket: Socket, keepMs: number, runtime: Runtime): void {
    take(origin)?.destroy();
    if (spares.size >= maxOrigins) {
      socket.destroy();
      return;
    }
    // Nobody else listens yet; a broken one is found destroyed.
    socket.on("error", () => {});
    const timer = runtime.setTimer(keepMs, () => take(origin)?.destroy());
    spares.set(origin, { socket, timer });
  }

  return {
    connector: (options, callback) => {
      const spare = take(`${options.protocol}//${options.host ?? options.hostname}`);
      if (spare === undefined) connect(options, callback);
      // Later, as a connection that is really opened would come: undici is in the middle of its own work now.
      else queueMicrotask(() => callback(null, spare));
    },
    prepare: async (origin, keepMs, runtime, signal) => {
      if (spares.get(origin)?.socket.destroyed === false) return;
      const socket = await open(origin);
      if (signal.aborted) socket.destroy();
      signal.throwIfAborted();
      keep(origin, socket, keepMs, runtime);
    },
    close: () => {
      for (const origin of spares.keys()) take(origin)?.destroy();
    },
  };
}
