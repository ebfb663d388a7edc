import type { Credential } from "@turnout/core";
import { executorContract, type Sandbox } from "@turnout/testing";

import { createOpenaiChat } from "./openai-chat.ts";
import { createOpenaiResponses } from "./openai-responses.ts";
import { createOpenaiResponsesWs } from "./openai-responses-ws.ts";

function apiKey(sandbox: Sandbox): Credential {
  const { accountId, apiKey: secret } = sandbox.createAccount({ apiKey: true });
  return { accountKey: accountId, kind: "api-key", secret };
}

const skip = {
  "a body the upstream refuses fields of is answered, and the report names them": "the API takes all of them",
  "an expired token is credential-rejected": "API keys do not expire",
};

executorContract({
  name: "openai-responses",
  create: (sandbox) => createOpenaiResponses({ baseUrl: `${sandbox.url}/v1` }),
  credential: apiKey,
  skip,
});

executorContract({
  name: "openai-responses-ws",
  create: (sandbox) =>
    createOpenaiResponsesWs({
      baseUrl: `${sandbox.url}/v1`,
      // On a socket used again a cut at the start is made good; the contract wants to see each cut. It dials more often than
      // an upstream likes, and its time leaps over the answers to pings.
      sessions: { reuse: false, dialSpacingMs: 0, pingIntervalMs: 86_400_000 },
    }),
  credential: apiKey,
  skip: { ...skip, "an unknown model is not-found": "the sandbox lets API keys name any model on a socket" },
});

executorContract({
  name: "openai-chat",
  wire: "openai-chat",
  create: (sandbox) => createOpenaiChat({ baseUrl: sandbox.openaiBaseUrl }),
  credential: apiKey,
  skip,
});
