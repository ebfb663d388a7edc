import { isJsonObject } from "@turnout/core";
import { tryParseObject } from "@turnout/translator";
import type { UpstreamNotice } from "@turnout/upstream";

/** Header and `client_metadata` key of the backend's sticky-routing token. */
export const turnStateHeader = "x-codex-turn-state";

/** Remembers which account a turn state was given to: on another one it misroutes, and is refused. */
export interface TurnStates {
  /** @param state - As the upstream's response gave it; undefined is ignored. */
  remember(state: string | undefined, accountKey: string): void;
  /** Whether the account was given this state. One nobody remembers is nobody's. */
  isOf(state: string, accountKey: string): boolean;
}

/**
 * A TurnStates.
 *
 * @param maxEntries - The oldest is forgotten beyond it; a turn that is still open then loses no more than its stickiness.
 */
export function createTurnStates(maxEntries = 10_000): TurnStates {
  const owners = new Map<string, string>();
  return {
    remember: (state, accountKey) => {
      if (state === undefined) return;
      owners.delete(state);
      owners.set(state, accountKey);
      const oldest = owners.keys().next().value;
      if (owners.size > maxEntries && oldest !== undefined) owners.delete(oldest);
    },
    isOf: (state, accountKey) => owners.get(state) === accountKey,
  };
}

/** Events whose `headers` hold what a response's headers would; on an open socket there are no others (codex.md 4.5, 2026-10). */
const metadataEvents = ["response.metadata", "codex.response.metadata"];

/** Remembers turn states that come in the middle of a socket's life. */
export function turnStateNotices(turnStates: TurnStates): UpstreamNotice[] {
  return metadataEvents.map((type) => ({
    type,
    read: ({ data }, { credential }) => {
      const headers = tryParseObject(data)?.["headers"];
      const state = isJsonObject(headers) ? headers[turnStateHeader] : undefined;
      if (typeof state === "string") turnStates.remember(state, credential.accountKey);
    },
  }));
}
