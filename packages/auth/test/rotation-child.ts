// A turnout process for the kill test: leases the one account of a store, says each step, and stands still at one of them until
// it is killed.
import { writeSync } from "node:fs";

import { systemRuntime } from "@turnout/core";

import { createRotations } from "../src/refresh/create-rotations.ts";
import { createStoredAccounts } from "../src/refresh/stored-accounts.ts";
import { openAccountStore } from "../src/store/open-store.ts";

// The timers of a Runtime keep no process alive, and this one has no server that would.
const keepAlive = setInterval(() => {}, 1_000);
const [dataDirectory = "", issuer = "", program = "", stopAt = ""] = process.argv.slice(2);

function reach(step: string): void {
  writeSync(1, `${step}\n`);
  if (step === stopAt) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const runtime = systemRuntime;
const store = await openAccountStore({ dataDirectory });
const rotations = createRotations({ store, runtime, program, onStep: (step) => reach(step) });
const accounts = createStoredAccounts({
  store,
  runtime,
  rotator: rotations,
  tokenRequestOf: () => ({ oauth: { issuer, clientId: "app_test", tokenPath: "/oauth/token" } }),
});
const [account] = accounts.list("codex");
const credential = await account?.lease(new AbortController().signal);
reach(`shown ${credential?.secret}`);
reach("shown");
await rotations.close();
await accounts.close();
store.close();
clearInterval(keepAlive);
