import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { startChild, type Child } from "../library/child.ts";
import { startListener } from "../library/start.ts";
import { answerSchema, throughputSchema, type Target } from "../library/target.ts";

function stopAfterwards<Started extends Child>(child: Started): Started {
  onTestFinished(async () => void (await child.stop()));
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

test("delay proxy keeps the first bytes back for two round trips, later ones for one, and counts them", async () => {
  const echo = createServer((socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void echo.close());
  const origin = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
  const roundTripMs = 30;
  const proxy = await startListener("delay", "bench/processes/delay-proxy.ts", { origin, roundTripMs });
  stopAfterwards(proxy.child);
  const client = connect(Number(new URL(proxy.origin).port), "127.0.0.1");
  onTestFinished(() => void client.destroy());
  const say = async (text: string) => {
    const startedAt = performance.now();
    client.write(text);
    const [echoed] = z.tuple([z.instanceof(Buffer)]).parse(await once(client, "data"));
    expect(echoed.toString()).toBe(text);
    return performance.now() - startedAt;
  };
  await once(client, "connect");
  // Only how early it may be: how late depends on what else the machine does.
  expect(await say("first")).toBeGreaterThanOrEqual(2 * roundTripMs - 1);
  expect(await say("second")).toBeGreaterThanOrEqual(roundTripMs);
  const counted = await proxy.child.ask(z.unknown(), "counted");
  expect(counted).toEqual({ sentBytes: 11, receivedBytes: 11, connections: 1 });
});
