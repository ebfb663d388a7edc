import { executorContract } from "@turnout/testing";

import { createCodexHttp } from "./codex-http.ts";

executorContract({ name: "codex-http", create: (sandbox) => createCodexHttp({ baseUrl: sandbox.codexBaseUrl }) });
