import { test } from "vitest";
import { allClients } from "./all-clients.ts";
import { expectSameMeaning } from "./expect-same-meaning.ts";
import { startStage } from "./stage.ts";

test("conversations that programs of all formats go on with mean the same", async () => {
  await expectSameMeaning(await startStage(), {
    clients: allClients,
    others: allClients,
    seed: 5_000_000,
    turns: 1_000,
  });
}, 120_000);

test("conversations that all have the same name, or none, mean the same", async () => {
  await expectSameMeaning(await startStage(), {
    clients: allClients,
    sessions: ["everybody", undefined],
    seed: 6_000_000,
    turns: 400,
  });
}, 120_000);

test("conversations over several accounts mean the same", async () => {
  await expectSameMeaning(await startStage({ accounts: 3 }), {
    clients: allClients,
    others: allClients,
    // Without a name they move with the load.
    sessions: ["own", undefined],
    seed: 7_000_000,
    turns: 600,
    leastContinued: 5,
  });
}, 120_000);
