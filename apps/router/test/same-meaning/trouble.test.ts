import { test } from "vitest";
import { allClients } from "./all-clients.ts";
import { expectSameMeaning } from "./expect-same-meaning.ts";
import { startStage } from "./stage.ts";

test("conversations that share fewer sockets than there are conversations mean the same", async () => {
  await expectSameMeaning(await startStage({ sockets: 3, transport: "auto" }), {
    clients: allClients,
    others: allClients,
    seed: 8_000_000,
    turns: 300,
    concurrency: 3,
  });
}, 120_000);

test("conversations of which little is remembered mean the same", async () => {
  await expectSameMeaning(await startStage({ sessions: { maxRememberedBytes: 20_000 } }), {
    clients: allClients,
    others: allClients,
    seed: 9_000_000,
    turns: 300,
    leastContinued: 5,
  });
}, 120_000);

test("conversations whose sockets forget, reach their age or break mean the same", async () => {
  await expectSameMeaning(await startStage({ transport: "auto" }), {
    clients: allClients,
    others: allClients,
    seed: 10_000_000,
    turns: 500,
    faults: 30,
    leastContinued: 10,
  });
}, 120_000);

test("conversations whose sockets are closed for their age or idleness mean the same", async () => {
  await expectSameMeaning(await startStage({ sessions: { maxAgeMs: 600, maxIdleMs: 200 } }), {
    clients: allClients,
    others: allClients,
    seed: 11_000_000,
    turns: 300,
    leastContinued: 0,
  });
}, 120_000);

test("conversations with sockets that were made ready mean the same", async () => {
  await expectSameMeaning(await startStage({ sessions: { warmUp: true } }), {
    clients: allClients,
    others: allClients,
    sessions: ["own"],
    seed: 12_000_000,
    turns: 300,
  });
}, 120_000);
