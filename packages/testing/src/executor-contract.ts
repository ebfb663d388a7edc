import { afterEach, beforeEach, describe } from "vitest";

import { answerChecks, responsesChecks } from "./contract/answers.ts";
import { ContractBench, type ExecutorContractOptions } from "./contract/bench.ts";
import { failureChecks, planChecks } from "./contract/failures.ts";
import { lifetimeChecks } from "./contract/lifetime.ts";

export type { ExecutorContractOptions } from "./contract/bench.ts";

/**
 * What every executor must do, tried against the sandbox on real sockets. Call it in a test file.
 *
 * @example
 * ```ts
 * executorContract({ name: "codex-http", create: (sandbox) => createCodexHttp({ baseUrl: sandbox.codexBaseUrl }) });
 * ```
 */
export function executorContract(options: ExecutorContractOptions): void {
  describe(`executor contract: ${options.name}`, () => {
    const bench = new ContractBench(options);
    beforeEach(() => bench.setUp());
    afterEach(() => bench.tearDown());
    answerChecks(bench);
    failureChecks(bench);
    lifetimeChecks(bench);
    if (bench.wire !== "openai-responses") return;
    responsesChecks(bench);
    planChecks(bench);
  });
}
