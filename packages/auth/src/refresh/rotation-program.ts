/**
 * Carries out one rotation in a process of its own, which goes on when the router that started it is killed. Reads its order
 * from standard input, and says on standard output what became of it, in case somebody still listens.
 */
import { text } from "node:stream/consumers";
import { MessageChannel } from "node:worker_threads";

import { systemRuntime } from "@turnout/core";

import { openHelperStore } from "../store/open-store.ts";
import { leaseOf } from "../store/rotations.ts";
import { helperOrderSchema } from "./helper-order.ts";
import { sendRotation, type SendOutcome } from "./send-rotation.ts";
import { keepBeating } from "./with-lease.ts";

// Timers of a Runtime keep no process alive, and between two tries to keep an answer there is nothing else.
const { port1: awake } = new MessageChannel();
awake.on("message", () => {});
// The end of the router's terminal or service is not ours: we are done in a moment, with something that must not be lost.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
// The router has gone: its successor will find the answer in the journal.
process.stdout.on("error", () => {});

async function carryOut(): Promise<SendOutcome> {
  const { path, key, order } = helperOrderSchema.parse(JSON.parse(await text(process.stdin)));
  const { timeoutMs, proxyUrl, headers, oauth } = order.token;
  const store = openHelperStore(path, Buffer.from(key, "base64"), systemRuntime);
  const lease = { leases: store.leases, runtime: systemRuntime, onWarning: () => {} };
  const stopBeating = keepBeating(leaseOf(order.subject), order.owner, lease);
  try {
    const token = {
      oauth,
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(proxyUrl !== undefined && { proxyUrl }),
      ...(headers !== undefined && { headers }),
    };
    return await sendRotation(store, { ...order, token }, systemRuntime);
  } finally {
    stopBeating();
    store.close();
  }
}

const outcome = await carryOut();
process.stdout.write(JSON.stringify(outcome));
awake.close();
