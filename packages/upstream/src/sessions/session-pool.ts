import { type ExecuteContext, type Rival, RouterError, type Runtime, type WireResponseMeta } from "@turnout/core";

import { abortError } from "../answer/answer-stream.ts";
import type { HeaderMap } from "../connection/retry-after.ts";
import type { Conversation, Found } from "../conversation/conversation-book.ts";
import { differingSetting, type Settings } from "../conversation/settings.ts";
import { createDialGate } from "./dial-gate.ts";
import { SessionSocket, type SessionSocketOptions } from "./session-socket.ts";

/** What a socket is wanted for. */
export interface SessionWish {
  /** ws(s) URL. */
  readonly url: string;
  /** Sent with the handshake, secrets included. */
  readonly headers: HeaderMap;
  readonly accountKey: string;
  /** Requests may share a socket only when it is equal: the credential, and what else the handshake has fixed. */
  readonly identity: string;
  /** What the client calls its conversation. A socket opened for one serves no other. */
  readonly hint: string | undefined;
}

/** What the upstream remembers on one socket: its latest answer, and the conversation up to there. */
export interface Anchor {
  readonly responseId: string;
  readonly conversation: Conversation;
  readonly settings: Settings;
  /** Bytes of a request with all of the conversation. */
  readonly fullBytes: number;
}

/** A socket, lent for one request. */
export interface LentSession {
  readonly socket: SessionSocket;
  readonly kind: NonNullable<WireResponseMeta["session"]>;
  /** What the request goes on from: it carries only what is new. */
  readonly continued: { readonly found: Found; readonly anchor: Anchor } | undefined;
}

/** How a lending ended: `completed` (with what can be gone on from), `spoiled` (an error: start anew) or `abandoned`. */
export type LendingOutcome =
  | { readonly how: "completed"; readonly anchor: Anchor | undefined }
  | { readonly how: "spoiled" }
  | { readonly how: "abandoned" };

export interface SessionPoolOptions extends SessionSocketOptions {
  /** False: each request has a fresh socket, which ends with it. */
  readonly reuses: boolean;
  /** What a dial does that must be spaced: wait for its turn, or leave the request to another transport. */
  readonly whenSpaced: "wait" | "refuse";
}

export interface AcquireOptions {
  /** Only a socket that nobody has used. */
  readonly isFresh: boolean;
}

interface Member {
  readonly socket: SessionSocket;
  readonly wish: SessionWish;
  anchor: Anchor | undefined;
  /** Nobody has sent anything on it yet. */
  isUnused: boolean;
  /** Who waits for the handshake. */
  waiter: { resolve(): void; reject(error: RouterError): void } | undefined;
}

/**
 * The open sockets of one executor. Each has at most one response in flight; one whose response was given up is cut and serves
 * nobody else.
 */
export class SessionPool {
  readonly #options: SessionPoolOptions;
  readonly #members = new Map<SessionSocket, Member>();
  readonly #perAccount = new Map<string, Set<Member>>();
  readonly #byConversation = new Map<Conversation, Member>();
  #gate: ReturnType<typeof createDialGate> | undefined;
  #closing: (() => void)[] = [];
  #isClosing = false;

  constructor(options: SessionPoolOptions) {
    this.#options = options;
  }

  /** Open sockets, those being opened included. */
  get size(): number {
    return this.#members.size;
  }

  /** A socket on which the request goes on from what the upstream remembers; undefined when there is none. */
  continue(wish: SessionWish, found: readonly Found[], settings: Settings): LentSession | undefined {
    for (const candidate of found) {
      const member = candidate.match.isWhole ? this.#byConversation.get(candidate.conversation) : undefined;
      const { anchor } = member ?? {};
      if (member === undefined || anchor === undefined || !this.#isFree(member, wish)) continue;
      if (differingSetting(anchor.settings, settings) !== undefined) continue;
      return this.#lend(member, "incremental", { found: candidate, anchor });
    }
    return undefined;
  }

  /**
   * What keeps a request from being continued, for people: the first item or setting that differs from the nearest
   * conversation. Undefined when none comes near, or nothing differs.
   */
  difference(found: readonly Found[], settings: Settings): string | undefined {
    const [nearest] = found;
    if (nearest === undefined) return undefined;
    const anchor = this.#byConversation.get(nearest.conversation)?.anchor;
    return (anchor && differingSetting(anchor.settings, settings)) ?? nearest.match.difference;
  }

  /**
   * A socket for a request in full.
   *
   * @throws {RouterError} `transport-unsuitable` when there are too many sockets or dials, `upstream-unavailable` or
   *   `upstream-timeout` with `requestSent: false` when it cannot be opened, what the profile makes of a refused handshake,
   *   or the signal's reason.
   */
  async acquire(wish: SessionWish, context: ExecuteContext, { isFresh }: AcquireOptions): Promise<LentSession> {
    if (context.signal.aborted) throw abortError(context.signal);
    const free = isFresh ? undefined : this.#findFree(wish, (member) => member.anchor === undefined);
    if (free !== undefined) return this.#lend(free, free.isUnused ? "fresh" : "reused");
    const { hasRoom, leaver } = this.#roomFor(wish.accountKey);
    const waitMs = hasRoom ? this.#gateFor(context.runtime).take(wish.accountKey) : 0;
    if (hasRoom && waitMs === 0) {
      // Only now: a dial that must wait is no reason to end a conversation's socket.
      leaver?.close();
      return this.#dial(wish, context);
    }
    // Rather an open socket that forgets its conversation than none.
    const taken = isFresh ? undefined : this.#findFree(wish, () => true);
    if (taken !== undefined) return this.#lend(taken, "reused");
    if (!hasRoom || this.#options.whenSpaced === "refuse") throw this.#crowded(wish, hasRoom);
    await context.runtime.sleep(waitMs, context.signal);
    return this.acquire(wish, context, { isFresh });
  }

  /** Whether a free socket stands at the beginning of a conversation with these settings. */
  hasSpare(wish: SessionWish, settings: Settings): boolean {
    return [...(this.#perAccount.get(wish.accountKey) ?? [])].some(
      (member) =>
        member.wish.hint === wish.hint &&
        this.#isFree(member, wish) &&
        member.anchor?.conversation.entries.length === 0 &&
        differingSetting(member.anchor.settings, settings) === undefined,
    );
  }

  /** Opens a socket beside those that are there; undefined when now is not the time for one. */
  async prepare(wish: SessionWish, context: ExecuteContext): Promise<LentSession | undefined> {
    const { maxSockets, maxSocketsPerAccount } = this.#options.limits;
    const own = this.#perAccount.get(wish.accountKey)?.size ?? 0;
    // No other conversation loses its socket for it.
    if (this.#isClosing || own >= maxSocketsPerAccount || this.#members.size >= maxSockets) return undefined;
    if (this.#gateFor(context.runtime).take(wish.accountKey) > 0) return undefined;
    return this.#dial(wish, context);
  }

  release({ socket }: LentSession, outcome: LendingOutcome): void {
    const member = this.#members.get(socket);
    if (member === undefined) return;
    const isKept = outcome.how === "completed" && this.#options.reuses && !this.#isClosing && !socket.isAged;
    if (isKept) {
      this.#setAnchor(member, outcome.anchor);
      socket.park();
    } else if (outcome.how === "abandoned") socket.terminate();
    else socket.close();
  }

  /** Ends the sockets that are not lent, and resolves once the lent ones have been given back. */
  close(): Promise<void> {
    this.#isClosing = true;
    for (const { socket, waiter } of this.#members.values()) {
      if (socket.state === "idle") socket.close();
      else if (socket.state === "opening" && waiter === undefined) socket.terminate();
    }
    if (this.#members.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#closing.push(resolve);
    });
  }

  #gateFor(runtime: Runtime) {
    this.#gate ??= createDialGate(runtime, this.#options.limits);
    return this.#gate;
  }

  #isFree(member: Member, wish: SessionWish): boolean {
    const { socket } = member;
    return socket.state === "idle" && !socket.isAged && member.wish.identity === wish.identity;
  }

  /** Of the free sockets of this conversation, or of no conversation, the one idle for longest. */
  #findFree(wish: SessionWish, suits: (member: Member) => boolean): Member | undefined {
    let best: Member | undefined;
    for (const member of this.#perAccount.get(wish.accountKey) ?? []) {
      if (!this.#isFree(member, wish) || member.wish.hint !== wish.hint || !suits(member)) continue;
      if (best === undefined || member.socket.idleSince < best.socket.idleSince) best = member;
    }
    return best;
  }

  #lend(member: Member, kind: LentSession["kind"], continued?: LentSession["continued"]): LentSession {
    this.#setAnchor(member, undefined);
    member.isUnused = false;
    member.socket.lend();
    return { socket: member.socket, kind, continued };
  }

  #setAnchor(member: Member, anchor: Anchor | undefined): void {
    const before = member.anchor?.conversation;
    if (before !== undefined) {
      this.#byConversation.delete(before);
      before.isHeld = false;
    }
    member.anchor = anchor;
    if (anchor === undefined) return;
    this.#byConversation.set(anchor.conversation, member);
    anchor.conversation.isHeld = true;
  }

  /** Where there are too many sockets, the one idle for longest has to leave for a new one. */
  #roomFor(accountKey: string): { readonly hasRoom: boolean; readonly leaver: SessionSocket | undefined } {
    const { maxSockets, maxSocketsPerAccount } = this.#options.limits;
    const own = this.#perAccount.get(accountKey);
    const isFull = own !== undefined && own.size >= maxSocketsPerAccount;
    if (!isFull && this.#members.size < maxSockets) return { hasRoom: true, leaver: undefined };
    const leaver = oldestIdle(isFull ? own : this.#members.values());
    return { hasRoom: leaver !== undefined, leaver };
  }

  #crowded(wish: SessionWish, hasRoom: boolean): RouterError {
    const count = this.#perAccount.get(wish.accountKey)?.size ?? 0;
    const why = hasRoom ? "too many were opened just now" : `${count} sockets of this account are open`;
    return new RouterError("transport-unsuitable", `Cannot open ${this.#options.upstream}: ${why}`, {});
  }

  #dial(wish: SessionWish, context: ExecuteContext): Promise<LentSession> {
    return new Promise((resolve, reject) => {
      const { signal, runtime, rival } = context;
      const onAbort = () => member.socket.terminate(abortError(signal));
      const headStart = rival && runtime.setTimer(rival.afterMs, () => void this.#race(member, rival));
      const settled = () => {
        member.waiter = undefined;
        headStart?.cancel();
        signal.removeEventListener("abort", onAbort);
      };
      const socket = new SessionSocket(this.#options, runtime, {
        opened: () => {
          if (member.waiter !== undefined) member.waiter.resolve();
          else if (this.#isClosing) socket.close();
        },
        over: (error) => {
          this.#remove(member);
          member.waiter?.reject(error);
        },
      });
      const member: Member = {
        socket,
        wish,
        anchor: undefined,
        isUnused: true,
        waiter: {
          resolve: () => {
            settled();
            resolve(this.#lend(member, "fresh"));
          },
          reject: (error) => {
            settled();
            reject(error);
          },
        },
      };
      this.#add(member);
      signal.addEventListener("abort", onAbort, { once: true });
      socket.open(wish.url, wish.headers);
    });
  }

  /** The other transport is made ready. When it is so first, the socket goes on opening, for the next request. */
  async #race(member: Member, rival: Rival): Promise<void> {
    try {
      await rival.prepare();
    } catch {
      // Then there is nothing to lose to: the handshake goes on and tells by itself how it ends.
      return;
    }
    const message = `Cannot open ${this.#options.upstream}: its handshake takes longer than another transport`;
    member.waiter?.reject(new RouterError("transport-unsuitable", message, {}));
  }

  #add(member: Member): void {
    const { accountKey } = member.wish;
    this.#members.set(member.socket, member);
    const own = this.#perAccount.get(accountKey);
    if (own === undefined) this.#perAccount.set(accountKey, new Set([member]));
    else own.add(member);
  }

  #remove(member: Member): void {
    const { accountKey } = member.wish;
    this.#setAnchor(member, undefined);
    this.#members.delete(member.socket);
    const own = this.#perAccount.get(accountKey);
    own?.delete(member);
    if (own?.size === 0) this.#perAccount.delete(accountKey);
    if (this.#isClosing && this.#members.size === 0) for (const resolve of this.#closing.splice(0)) resolve();
  }
}

function oldestIdle(members: Iterable<Member>): SessionSocket | undefined {
  let oldest: SessionSocket | undefined;
  for (const { socket } of members) {
    if (socket.state === "idle" && (oldest === undefined || socket.idleSince < oldest.idleSince)) oldest = socket;
  }
  return oldest;
}
