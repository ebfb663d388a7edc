import { executorContract } from "@turnout/testing";

import { createOpenaiCompatible } from "./openai-compatible.ts";

executorContract({
  name: "openai-compatible",
  wire: "openai-chat",
  create: (sandbox) => createOpenaiCompatible({ baseUrl: sandbox.openaiBaseUrl }),
  credential: (sandbox) => {
    const { accountId, apiKey: secret } = sandbox.createAccount({ apiKey: true });
    return { accountKey: accountId, kind: "api-key", secret };
  },
  skip: { "an expired token is credential-rejected": "API keys do not expire" },
});
