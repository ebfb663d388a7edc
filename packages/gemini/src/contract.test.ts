import { executorContract } from "@turnout/testing";

import { createGemini } from "./gemini.ts";

executorContract({
  name: "gemini",
  wire: "gemini",
  create: (sandbox) => createGemini({ baseUrl: sandbox.geminiBaseUrl }),
  credential: (sandbox) => {
    const { accountId, apiKey: secret } = sandbox.createAccount({ apiKey: true });
    return { accountKey: accountId, kind: "api-key", secret };
  },
  skip: { "an expired token is credential-rejected": "API keys do not expire" },
});
