export { codexWs, type CodexWsDependencies, createCodexWs } from "./codex-ws.ts";
