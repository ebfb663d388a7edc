import type { ClientProgram } from "./client-program.ts";
import { claudeCode } from "./clients/claude-code.ts";
import { codex } from "./clients/codex.ts";
import { geminiCli } from "./clients/gemini-cli.ts";
import { opencode } from "./clients/opencode.ts";
import { pi } from "./clients/pi.ts";
import { qwenCode } from "./clients/qwen-code.ts";

/** In the order of the table. */
export const clients: readonly ClientProgram[] = [claudeCode, codex, geminiCli, opencode, pi, qwenCode];
