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

/** Where answers are kept. */
export interface ResponseStores {
  /** Those that clients let be stored, by the key of the client. */
  readonly stored: ResponseStore;
  /** The latest of each socket whose client does not, by the socket. */
  readonly sockets: ResponseStore;
}

/**
 * The memory of a client that asks over HTTP: what it let be stored, under its key.
 *
 * @param owner - Called when first needed: most requests refer to nothing and store nothing.
 */
export function createHttpMemory({ stored: kept }: ResponseStores, owner: () => string): ClientMemory {
  return {
    find: (responseId) => kept.find(owner(), responseId),
    item: (itemId) => kept.item(owner(), itemId),
    keep: ({ responseId, turn, output, stored }) => {
      if (stored) kept.keep(owner(), responseId, turn, output);
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
 * @param stores.sockets - Apart from the others, so that clients that store a lot do not make those on sockets start over.
 * @param socketId - Unlike that of any other socket; holds no space.
 */
export function createSocketMemory(
  { stored: kept, sockets }: ResponseStores,
  owner: () => string,
  socketId: string,
): SocketMemory {
  let latest: string | undefined;
  const forgetLatest = () => {
    if (latest !== undefined) sockets.forget(socketId, latest);
    latest = undefined;
  };
  let isClosed = false;
  return {
    find: (responseId) => sockets.find(socketId, responseId) ?? kept.find(owner(), responseId),
    item: (itemId) => sockets.item(socketId, itemId) ?? kept.item(owner(), itemId),
    keep: ({ responseId, turn, output, stored }) => {
      if (stored) kept.keep(owner(), responseId, turn, output);
      else if (!isClosed) sockets.keep(socketId, responseId, turn, output);
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
