export { collectEvents, type CollectedEvents } from "./collect.ts";
export { createExecuteContext } from "./execute-context.ts";
export { executorContract, type ExecutorContractOptions } from "./executor-contract.ts";
export { createFakeRuntime, type FakeRuntime, type FakeRuntimeOptions } from "./fake-runtime.ts";
export { createGate, type Gate } from "./gate.ts";
export { optionTable } from "./option-table.ts";
export {
  type ReceivedRequest,
  type ScriptedAnswer,
  type ScriptedServer,
  startScriptedServer,
} from "./scripted-server.ts";
export { startStubServer, type StubServer, type StubServerOptions } from "./stub-server.ts";
export { until } from "./until.ts";
// So that the tests of an executor need one dependency.
export { answer, createSandbox, faults, type Sandbox, say } from "@turnout/sandbox";
