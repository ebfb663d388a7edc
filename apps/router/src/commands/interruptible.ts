import { Interrupted } from "./exit-code.ts";

/**
 * Does work that Ctrl-C ends cleanly: the first one aborts the signal, a second one ends the process at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal, stop: () => void) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Interrupted());
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await work(controller.signal, stop);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
