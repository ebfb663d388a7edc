import type { ExecuteContext, JsonObject, WireRequest } from "@turnout/core";

import { settingsOf } from "../conversation/settings.ts";
import type { SessionWish } from "./session-pool.ts";
import { SessionRequest, type SessionRequestSetup, wishOf } from "./session-request.ts";

const nothingLost = { approximated: [], dropped: [] };

/**
 * Second sockets: when the one of a conversation is lost, or too old, the next request goes on from a warm-up with the same
 * instructions and tools, on a socket that is open already.
 */
export class SpareSessions {
  readonly #setup: SessionRequestSetup;

  constructor(setup: SessionRequestSetup) {
    this.#setup = setup;
  }

  /** Opens one for the conversation of `request`, in the background, unless there is one. */
  prepare(request: WireRequest, context: ExecuteContext, frame: JsonObject): void {
    const { profile, pool } = this.#setup;
    const wish = wishOf(profile, request, context);
    // A warm-up holds nothing to be found by: without a name nobody would ever come back to it.
    if (wish.hint === undefined || pool.hasSpare(wish, settingsOf(frame))) return;
    // The request it belongs to is over, and so are its deadline and its client.
    const { credential, runtime, requestId } = context;
    const own: ExecuteContext = { credential, runtime, requestId, signal: new AbortController().signal };
    void this.#warmUp(wish, { ...request, operation: "warm-up" }, own, { ...frame, input: [], generate: false });
  }

  async #warmUp(wish: SessionWish, request: WireRequest, context: ExecuteContext, frame: JsonObject): Promise<void> {
    const prepared = { value: frame, report: nothingLost };
    try {
      const session = await this.#setup.pool.prepare(wish, context);
      if (session === undefined) return;
      const warming = new SessionRequest(this.#setup, { request, context, prepared, onCompleted: () => {} });
      const response = await warming.send(session);
      if (response.kind !== "stream") return;
      const batches = response.events[Symbol.asyncIterator]();
      while ((await batches.next()).done !== true);
    } catch {
      // Nobody asked for it: the next request opens a socket of its own and tells what is wrong.
    }
  }
}
