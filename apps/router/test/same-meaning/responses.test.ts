import { test } from "vitest";
import { expectSameMeaning } from "./expect-same-meaning.ts";
import { referringClients, socketClients } from "./lines.ts";
import { responsesClients } from "./responses-clients.ts";
import { startStage } from "./stage.ts";

test("conversations of Responses clients over HTTP mean the same", async () => {
  await expectSameMeaning(await startStage(), { clients: responsesClients, seed: 2_000_000, turns: 1_400 });
}, 120_000);

test("conversations that refer to earlier responses over HTTP mean the same", async () => {
  await expectSameMeaning(await startStage(), {
    clients: referringClients,
    others: [...referringClients, ...responsesClients],
    seed: 2_500_000,
    turns: 500,
  });
}, 120_000);

test("conversations of Responses clients over WebSocket mean the same", async () => {
  await expectSameMeaning(await startStage(), {
    clients: socketClients,
    others: [...socketClients, ...responsesClients],
    seed: 2_700_000,
    turns: 700,
  });
}, 120_000);
