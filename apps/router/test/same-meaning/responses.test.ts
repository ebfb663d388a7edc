import { test } from "vitest";
import { expectSameMeaning } from "./expect-same-meaning.ts";
import { responsesClients } from "./responses-clients.ts";
import { startStage } from "./stage.ts";

test("conversations of Responses clients over HTTP mean the same", async () => {
  await expectSameMeaning(await startStage(), { clients: responsesClients, seed: 2_000_000, turns: 2_200 });
}, 120_000);
