/** The simulated Codex backend as a process of its own; its standard answer is the long one. */
import { createSandbox, say, type Scenario } from "@turnout/sandbox";
import { z } from "zod";
import { serveCommands } from "../library/serve-commands.ts";
import { answers, stallAfterEvents, textOf } from "../scenario.ts";

const sandbox = await createSandbox({
  answer: { steps: [say.text(textOf("long"), { deltas: answers.long.deltas })] },
  maxRecordedRequests: 0,
});
const account = sandbox.createAccount();
const { apiKey } = sandbox.createAccount({ apiKey: true });

/** The sandbox looks at what is in it. */
const scenariosSchema = z.object({ scenarios: z.array(z.custom<Scenario>()) });

serveCommands({
  listen() {
    const { origin, pathname } = new URL(sandbox.codexBaseUrl);
    return { origin, path: pathname, accountId: account.accountId, accessToken: account.accessToken, apiKey };
  },
  /** The next `times` answers stand still after some events. */
  stall(parameters) {
    const { times } = z.object({ times: z.int().positive() }).parse(parameters);
    sandbox.script({ fault: { type: "stall", afterEvents: stallAfterEvents }, times });
    return null;
  },
  /** What the next requests get, one each. */
  script(parameters) {
    for (const scenario of scenariosSchema.parse(parameters).scenarios) sandbox.script(scenario);
    return null;
  },
});
