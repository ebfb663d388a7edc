import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

import { systemRuntime } from "@turnout/core";
import { expect, onTestFinished, test } from "vitest";

import { makeFolder, startTokenEndpoint, type TokenEndpoint, writeAuthFile } from "../../test/support.ts";

const program = fileURLToPath(new URL("../../test/lease-program.ts", import.meta.url));
const longAgo = Date.parse("2020-01-01T00:00:00Z");

interface Scene {
  readonly home: string;
  readonly data: string;
  readonly endpoint: TokenEndpoint;
  spawn(): ChildProcessByStdio<null, Readable, null>;
}

async function setScene(): Promise<Scene> {
  const home = await makeFolder();
  const endpoint = await startTokenEndpoint();
  endpoint.now = () => systemRuntime.now();
  await writeAuthFile(join(home, "auth.json"), { expiresAt: longAgo });
  const data = join(home, "data");
  return {
    home,
    data,
    endpoint,
    spawn() {
      const options = ["--conditions=@turnout/source", "--import", "tsx", program, home, data, endpoint.issuer];
      const child = spawn(process.execPath, options, { stdio: ["ignore", "pipe", "inherit"] });
      onTestFinished(() => {
        child.kill("SIGKILL");
      });
      return child;
    },
  };
}

async function outputOf(child: ChildProcessByStdio<null, Readable, null>): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout) text += String(chunk);
  return text.trim();
}

test("lease() of several real processes at once spends the refresh token once", async () => {
  const scene = await setScene();
  const secrets = await Promise.all([1, 2, 3].map(() => outputOf(scene.spawn())));
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
  expect(secrets[0]).toMatch(/^eyJ/u);
  expect(new Set(secrets).size).toBe(1);
});

test("lease() takes the answer that a process has asked for which was killed before it came", async () => {
  const scene = await setScene();
  const child = scene.spawn();
  scene.endpoint.beforeReply = async () => {
    if (child.killed) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  expect(await outputOf(child)).toBe("");
  expect(await outputOf(scene.spawn())).toMatch(/^eyJ/u);
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
});
