import { test } from "vitest";
import { allClients } from "./all-clients.ts";
import { expectSameMeaning } from "./expect-same-meaning.ts";
import { startStage } from "./stage.ts";

test("conversations that programs of all formats go on with mean the same", async () => {
  await expectSameMeaning(await startStage(), {
    clients: allClients,
    others: allClients,
    seed: 5_000_000,
    turns: 1_200,
  });
}, 120_000);

test("conversations that all have the same name, or none, mean the same", async () => {
  await expectSameMeaning(await startStage(), {
    clients: allClients,
    sessions: ["everybody", undefined],
    seed: 6_000_000,
    turns: 600,
  });
}, 120_000);

test("conversations over two accounts mean the same", async () => {
  // Its name of a conversation is in `metadata` only, which is no hint yet: its conversations move with the load.
  const named = allClients.filter((client) => client.name !== "messages: claude code");
  await expectSameMeaning(await startStage({ accounts: 2 }), {
    clients: named,
    sessions: ["own"],
    seed: 7_000_000,
    turns: 400,
    // One that goes on under another name may come to the other account, which cannot read what the first one thought.
    mostRefused: 40,
  });
}, 120_000);

test("conversations that move from account to account mean the same", async () => {
  const forgetful = allClients.filter((client) => !client.bringsThoughts);
  await expectSameMeaning(await startStage({ accounts: 3 }), {
    clients: forgetful,
    others: forgetful,
    sessions: [undefined],
    seed: 7_500_000,
    turns: 400,
    leastContinued: 5,
  });
}, 120_000);
