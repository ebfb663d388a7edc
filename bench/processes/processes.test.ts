import { spawn } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { startChild, type Child } from "../library/child.ts";
import { startListener } from "../library/start.ts";
import { answerSchema, throughputSchema, type Target } from "../library/target.ts";

function stopAfterwards<Started extends Child>(child: Started): Started {
  onTestFinished(() => child.stop());
  return child;
}

const writes = ['data: {"type":"a"}\n\n', "data: end\n\n"];

async function startReplayAndLoad() {
  const replay = await startListener("replay", "bench/processes/replay.ts", {
    answers: [
      {
        path: "/responses",
        mark: '"model":"m"',
        head: writes.slice(0, 1),
        middle: [],
        tail: writes.slice(1),
        repeat: 1,
      },
    ],
  });
  stopAfterwards(replay.child);
  const load = stopAfterwards(startChild({ name: "load", program: "bench/processes/load.ts" }));
  const target: Target = {
    origin: replay.origin,
    path: "/x/responses",
    headers: { "content-type": "application/json" },
    body: '{"model":"m"}',
    ending: "data: end",
  };
  return { load, replay, target };
}

test("byte proxy passes status, type and every byte on", async () => {
  const { load, replay, target } = await startReplayAndLoad();
  const proxy = await startListener("byte proxy", "bench/processes/byte-proxy.ts", { origin: replay.origin });
  stopAfterwards(proxy.child);
  const direct = await load.ask(answerSchema, "answer", target);
  const proxied = await load.ask(answerSchema, "answer", { ...target, origin: proxy.origin });
  expect(direct).toMatchObject({ status: 200, text: writes.join("") });
  expect(proxied).toMatchObject({ status: 200, text: writes.join("") });
  expect(proxied.headers["content-type"]).toBe("text/event-stream");
});

test("load counts whole answers, and refuses one that is not", async () => {
  const { load, target } = await startReplayAndLoad();
  const measured = await load.ask(throughputSchema, "throughput", { target, milliseconds: 50, concurrency: 4 });
  expect(measured.requests).toBeGreaterThan(0);
  expect(measured.bytes).toBe(measured.requests * writes.join("").length);
  const wrong = { ...target, ending: "another end" };
  await expect(load.ask(z.array(z.number()), "latency", { target: wrong, count: 1 })).rejects.toThrow("answered 200");
});

test("a process of the benchmark ends when its parent has gone", async () => {
  const probe = pathToFileURL(path.join(import.meta.dirname, "probe.mjs")).href;
  const child = spawn(process.execPath, ["--import", probe, "-e", "setInterval(() => undefined, 1000)"], {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  await new Promise((resolve) => child.send({ probe: "usage", id: 1 }, resolve));
  await new Promise((resolve) => child.once("message", resolve));
  child.disconnect(); // What happens to the channel when a parent dies.
  expect(await ended).toBe(0);
});
