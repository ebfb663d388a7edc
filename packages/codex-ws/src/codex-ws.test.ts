import { executorContract } from "@turnout/testing";

import { createCodexWs } from "./codex-ws.ts";

executorContract({ name: "codex-ws", create: (sandbox) => createCodexWs({ baseUrl: sandbox.codexBaseUrl }) });
