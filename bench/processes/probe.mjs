// Preloaded into every process of the benchmark (`node --import`), the router included, so that it can be measured from
// outside without a line of its own. Plain JavaScript: nothing but Node is added to what is measured.
import process from "node:process";

process.on("message", (message) => {
  if (message?.probe === undefined) return;
  if (message.probe === "collect") globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const resources = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  process.send?.({
    probe: message.probe,
    id: message.id,
    result: { cpuMicroseconds: user + system, rss, heapUsed, external, arrayBuffers, resources },
  });
});

// The channel alone keeps no process alive: a router that has stopped can end.
process.channel?.unref();

// The channel closes when the benchmark ends, however it ends: nobody stays behind.
process.on("disconnect", () => process.exit(0));
