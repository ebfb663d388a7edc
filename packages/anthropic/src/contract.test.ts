import { executorContract } from "@turnout/testing";

import { createAnthropic } from "./anthropic.ts";

executorContract({
  name: "anthropic",
  wire: "anthropic-messages",
  create: (sandbox) => createAnthropic({ baseUrl: sandbox.anthropicBaseUrl }),
  credential: (sandbox) => {
    const { accountId, apiKey: secret } = sandbox.createAccount({ apiKey: true });
    return { accountKey: accountId, kind: "api-key", secret };
  },
  skip: { "an expired token is credential-rejected": "API keys do not expire" },
});
