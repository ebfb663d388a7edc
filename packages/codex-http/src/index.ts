export { codexHttp, type CodexHttpDependencies, createCodexHttp } from "./codex-http.ts";
