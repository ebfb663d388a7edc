import { test } from "vitest";
import { expectSameMeaning } from "./expect-same-meaning.ts";
import { messagesClients } from "./messages-clients.ts";
import { startStage } from "./stage.ts";

test("conversations of Messages clients mean the same", async () => {
  await expectSameMeaning(await startStage(), { clients: messagesClients, seed: 3_000_000, turns: 1_400 });
}, 120_000);
