import { test } from "vitest";
import { chatClients } from "./chat-clients.ts";
import { expectSameMeaning } from "./expect-same-meaning.ts";
import { startStage } from "./stage.ts";

test("conversations of Chat clients mean the same", async () => {
  await expectSameMeaning(await startStage(), { clients: chatClients, seed: 1_000_000, turns: 1_400 });
}, 120_000);
