import { expect, test } from "vitest";
import { z } from "zod";
import { bodyOf, post } from "./support/ask.ts";
import { startTestRouter } from "./support/running-router.ts";

const metadataSchema = z.looseObject({
  type: z.literal("codex.response.metadata"),
  headers: z.looseObject({ "openai-model": z.string() }),
});

/** The Codex CLI tells its user that the account was flagged when it is answered by a model of another name (clients.md, rule 5). */
test.each(["codex/gpt-5.4", "quick", "gpt-5.4"])(
  "the backend names model %s as the Codex CLI asked for it",
  async (model) => {
    const router = await startTestRouter({ aliases: { quick: "codex/gpt-5.4" } });
    const body = bodyOf("openai-responses", true, model);
    const { events } = await post(router.url, "openai-responses", body, { originator: "codex_exec" });
    const metadata = events.find((data) => data.includes("codex.response.metadata"));
    expect(metadataSchema.parse(JSON.parse(metadata ?? "")).headers["openai-model"]).toBe(model);
  },
);
