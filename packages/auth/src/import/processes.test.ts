import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

import { systemRuntime } from "@turnout/core";
import { expect, onTestFinished, test } from "vitest";

import { makeFolder, signal, startTokenEndpoint, type TokenEndpoint, writeAuthFile } from "../../test/support.ts";
import { createAccounts } from "../accounts/create-accounts.ts";

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
  expect(await readdir(join(scene.data, "credentials"))).toHaveLength(1);
});

test("lease() goes on after a process that was killed while it refreshed", async () => {
  const scene = await setScene();
  scene.endpoint.script.push("stall");
  const arrived = new Promise<void>((resolve) => {
    scene.endpoint.beforeReply = resolve;
  });
  const child = scene.spawn();
  const exited = once(child, "exit");
  await arrived;
  expect((await readdir(join(scene.data, "credentials"))).join()).toMatch(/\.lock$/u);
  child.kill("SIGKILL");
  await exited;
  const [account] = createAccounts([{ authFile: "~/auth.json", writeBack: false }], {
    runtime: systemRuntime,
    dataDirectory: scene.data,
    homeDirectory: scene.home,
    oauth: { issuer: scene.endpoint.issuer, clientId: "app_test", tokenPath: "/oauth/token" },
  });
  expect((await account?.lease(signal))?.secret).toMatch(/^eyJ/u);
  expect((await readdir(join(scene.data, "credentials"))).join()).toMatch(/\.json$/u);
});
