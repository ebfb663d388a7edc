/**
 * Resolves once the process was asked to stop (SIGINT, SIGTERM, SIGHUP) and `stop` has run. A second signal ends it at once.
 */
export function untilStopped(stop: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (asked) {
        process.exit(signal === "SIGINT" ? 130 : 143);
      }
      asked = true;
      stop().then(resolve, reject);
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  });
}
