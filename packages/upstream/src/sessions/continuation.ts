import type { ExecuteContext, JsonObject, Loss, WireRequest } from "@turnout/core";

import type { ConversationBook, Found, Scope } from "../conversation/conversation-book.ts";
import { rememberRequest, type RememberedRequest } from "../conversation/remembered-request.ts";
import { type Settings, settingsOf } from "../conversation/settings.ts";
import type { Turn } from "../conversation/turn-reader.ts";
import type { Anchor, LentSession } from "./session-pool.ts";

/** What a provider that remembers its latest answer on a socket needs to say for it to be gone on from. */
export interface ContinuationProfile {
  /** The conversations of the provider; executors of one provider share it. */
  readonly book: ConversationBook;
  scope(request: WireRequest, context: ExecuteContext): Scope;
  /** What the client calls its conversation. */
  hint(request: WireRequest): string | undefined;
}

/** A frame, ready to be sent. */
export interface Frame {
  readonly text: string;
  readonly bytes: number;
  /** Bytes of the request with all of its conversation. */
  readonly fullBytes: number;
}

/** One request as a pool of sessions sees it: in full, or as what is new after a conversation. */
export class Continuation {
  readonly settings: Settings;
  readonly #frame: JsonObject;
  readonly #remembered: RememberedRequest | undefined;
  #full: Frame | undefined;

  constructor(
    profile: ContinuationProfile | undefined,
    frame: JsonObject,
    request: WireRequest,
    context: ExecuteContext,
  ) {
    this.#frame = frame;
    this.#remembered =
      profile &&
      rememberRequest({
        book: profile.book,
        scope: profile.scope(request, context),
        hint: profile.hint(request),
        isTranslated: request.translated === true,
        body: frame,
      });
    this.settings = this.#remembered === undefined ? new Map() : settingsOf(frame);
  }

  get found(): readonly Found[] {
    return this.#remembered?.found ?? [];
  }

  /** The answer can be gone on from. */
  get isRemembered(): boolean {
    return this.#remembered !== undefined;
  }

  /** Written once, however often it is sent. */
  get full(): Frame {
    if (this.#full === undefined) {
      const text = JSON.stringify(this.#remembered?.fullBody() ?? this.#frame);
      const bytes = Buffer.byteLength(text);
      this.#full = { text, bytes, fullBytes: bytes };
    }
    return this.#full;
  }

  /** Only what is new after `continued`. */
  next({ found, anchor }: NonNullable<LentSession["continued"]>): Frame {
    const input = this.#remembered?.newItems(found) ?? [];
    const { input: _whole, ...settings } = this.#frame;
    const head = JSON.stringify({ ...settings, previous_response_id: anchor.responseId });
    // Written apart, once: they can be long, and their size counts by itself too.
    const items = JSON.stringify(input);
    const text = `${head.slice(0, -1)},"input":${items}}`;
    return { text, bytes: Buffer.byteLength(text), fullBytes: anchor.fullBytes + Buffer.byteLength(items) };
  }

  /** Where a following request can go on from. */
  anchor(turn: Turn, frame: Frame, continued: LentSession["continued"]): Anchor | undefined {
    if (this.#remembered === undefined) return undefined;
    return {
      responseId: turn.responseId,
      conversation: this.#remembered.answered(turn, continued?.found),
      settings: this.settings,
      fullBytes: frame.fullBytes + Buffer.byteLength(JSON.stringify(turn.output)),
    };
  }

  /**
   * The upstream cannot read the reasoning of the request: another sending goes without any.
   *
   * @returns False when there was none, so that another sending would be the same.
   */
  dropReasoning(): boolean {
    if (this.#remembered?.dropReasoning() !== true) return false;
    this.#full = undefined;
    return true;
  }

  /** The client's own items that were dropped so. */
  get dropped(): readonly Loss[] {
    return this.#remembered?.dropped ?? [];
  }
}
