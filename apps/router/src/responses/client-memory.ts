import type { JsonObject } from "@turnout/core";
import type { ResponseStore } from "./response-store.ts";
import type { Turn } from "./turn.ts";

/** An answer that can be referred to from now on. */
export interface KeptAnswer {
  readonly responseId: string;
  readonly turn: Turn;
  /** The items of the answer. */
  readonly output: readonly JsonObject[];
  /** The client lets its answers be kept: `store` is not false. */
  readonly stored: boolean;
}

/** The earlier answers one client may refer to. */
export interface ClientMemory {
  find(responseId: string): Turn | undefined;
  item(itemId: string): JsonObject | undefined;
  keep(answer: KeptAnswer): void;
}

/**
 * The memory of a client that asks over HTTP: what it let be stored, under its key.
 *
 * @param owner - Called when first needed: most requests refer to nothing and store nothing.
 */
export function createHttpMemory(store: ResponseStore, owner: () => string): ClientMemory {
  return {
    find: (responseId) => store.find(owner(), responseId),
    item: (itemId) => store.item(owner(), itemId),
    keep: ({ responseId, turn, output, stored }) => {
      if (stored) store.keep(owner(), responseId, turn, output);
    },
  };
}

/** The memory of a client on a socket, which ends with it. */
export interface SocketMemory extends ClientMemory {
  /** The socket is closed: what only it could refer to is forgotten. */
  close(): void;
}

/**
 * The memory of a client on a socket: as over HTTP, and beside it the socket's own latest response, whether it let it be stored
 * or not (codex.md 4.4).
 *
 * @param socketId - Unlike that of any other socket; holds no space.
 */
export function createSocketMemory(store: ResponseStore, owner: () => string, socketId: string): SocketMemory {
  const own = `socket:${socketId}`;
  let latest: string | undefined;
  const forgetLatest = () => {
    if (latest !== undefined) store.forget(own, latest);
    latest = undefined;
  };
  let isClosed = false;
  return {
    find: (responseId) => store.find(own, responseId) ?? store.find(owner(), responseId),
    item: (itemId) => store.item(own, itemId) ?? store.item(owner(), itemId),
    keep: ({ responseId, turn, output, stored }) => {
      if (isClosed && !stored) return;
      const scope = stored ? owner() : own;
      store.keep(scope, responseId, turn, output);
      // After the new one is held: it goes on from this one.
      if (latest !== responseId || stored) forgetLatest();
      if (!stored) latest = responseId;
    },
    close: () => {
      isClosed = true;
      forgetLatest();
    },
  };
}
