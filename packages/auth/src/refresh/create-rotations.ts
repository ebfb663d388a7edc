import { RouterError, type Runtime } from "@turnout/core";

import type { AccountStore } from "../store/account-store.ts";
import { createHelperSender } from "./helper-process.ts";
import { createRotator, type RotationStep, type Rotator } from "./rotation.ts";
import { sendRotation } from "./send-rotation.ts";

export interface RotationsOptions {
  readonly store: AccountStore;
  readonly runtime: Runtime;
  /**
   * Send every refresh token from a process of its own, so that its answer survives the end of this one. Default true. Without
   * it a crash between request and answer, some 100 ms, loses the login.
   */
  readonly separateProcess?: boolean;
  /** Milliseconds that `close` waits for such processes; they finish by themselves. Default 5000. */
  readonly patienceMs?: number;
  /** The program of that process. Default: the one of this package. */
  readonly program?: string;
  /** Told of troubles that fail nothing. Default: nobody. */
  readonly onWarning?: (warning: RouterError) => void;
  readonly onStep?: (step: RotationStep, subject: string) => void;
}

/** What all accounts of a store share to exchange their refresh tokens. */
export interface Rotations extends Rotator {
  /**
   * From now on no rotation begins, and answers are waited for a little only: one that comes later is used at the next start.
   * Resolves when nothing touches the store any more.
   */
  close(): Promise<void>;
}

/**
 * @example
 * ```ts
 * const rotations = createRotations({ store, runtime });
 * const accounts = createStoredAccounts({ store, runtime, rotator: rotations, tokenRequestOf });
 * ```
 */
export function createRotations(options: RotationsOptions): Rotations {
  const { store, runtime, separateProcess = true, patienceMs = 5_000, onWarning = () => {} } = options;
  const stopping = new AbortController();
  const helper = { store, runtime, stopping: stopping.signal, patienceMs, onWarning };
  const send = separateProcess
    ? createHelperSender({ ...helper, ...(options.program !== undefined && { program: options.program }) })
    : (order: Parameters<typeof sendRotation>[1]) => sendRotation(store, order, runtime);
  const steps = options.onStep === undefined ? {} : { onStep: options.onStep };
  const rotator = createRotator({ store, runtime, send, stopping: stopping.signal, onWarning, ...steps });
  const underWay = new Set<Promise<unknown>>();
  return {
    ...rotator,
    async locked(subject, work) {
      const done = rotator.locked(subject, work);
      underWay.add(done);
      try {
        return await done;
      } finally {
        underWay.delete(done);
      }
    },
    async close() {
      stopping.abort(new RouterError("shutting-down", "Cannot refresh a token: turnout is stopping", {}));
      await Promise.allSettled(underWay);
    },
  };
}
