// A second turnout process for the tests: leases one credential on the files it is told and prints its secret.
import { systemRuntime } from "@turnout/core";

import { createAccounts, createRotations, openAccountStore } from "../src/index.ts";

// The timers of a Runtime keep no process alive, and this one has no server that would.
const keepAlive = setInterval(() => {}, 1_000);
const [home = "", dataDirectory = "", issuer = ""] = process.argv.slice(2);
const runtime = systemRuntime;
const store = await openAccountStore({ dataDirectory });
const [account] = createAccounts([{ authFile: "~/auth.json", writeBack: false }], {
  runtime,
  store,
  rotator: createRotations({ store, runtime }),
  homeDirectory: home,
  oauth: { issuer, clientId: "app_test", tokenPath: "/oauth/token" },
});
const credential = await account?.lease(new AbortController().signal);
process.stdout.write(`${credential?.secret}\n`);
store.close();
clearInterval(keepAlive);
