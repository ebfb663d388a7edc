import { type Credential, type ExecuteContext, systemRuntime } from "@turnout/core";

/** An ExecuteContext for tests; everything can be replaced. */
export function createExecuteContext(parts: Partial<ExecuteContext> = {}): ExecuteContext {
  const credential: Credential = { accountKey: "test", kind: "oauth", secret: "test-token", accountId: "test-account" };
  return {
    credential,
    signal: new AbortController().signal,
    runtime: systemRuntime,
    requestId: "req_test",
    ...parts,
  };
}
