import { test } from "vitest";
import { expectSameMeaning } from "./expect-same-meaning.ts";
import { geminiClients } from "./gemini-clients.ts";
import { startStage } from "./stage.ts";

test("conversations of Gemini clients mean the same", async () => {
  await expectSameMeaning(await startStage(), { clients: geminiClients, seed: 4_000_000, turns: 1_400 });
}, 120_000);
