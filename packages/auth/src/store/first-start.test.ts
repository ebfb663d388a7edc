import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { systemRuntime } from "@turnout/core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { bundlePrograms } from "../../test/bundle-programs.ts";
import { makeFolder, openStore } from "../../test/support.ts";

let programs: string;

beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), "turnout-programs-"));
  await bundlePrograms({ first: "test/first-start-child.ts" }, programs);
});
afterAll(() => rm(programs, { recursive: true, force: true }));

test("several processes at their first start make one schema and one key", async () => {
  for (let round = 0; round < 3; round += 1) {
    const data = join(await makeFolder(), "data");
    const labels = ["a", "b", "c", "d"];
    const codes = await Promise.all(
      labels.map(async (label) => {
        const args = [join(programs, "programs", "first.js"), data, label];
        const child = spawn(process.execPath, args, { stdio: "inherit" });
        const [code]: unknown[] = await once(child, "exit");
        return code;
      }),
    );
    expect(codes).toEqual([0, 0, 0, 0]);
    const store = await openStore(data, systemRuntime);
    const secrets = store.accounts.list().map(({ id }) => store.credentials.read(id)?.secret);
    expect(new Set(secrets)).toEqual(new Set(labels.map((label) => `sk-${label}`)));
    expect((await readdir(data)).filter((name) => name.startsWith("turnout.key"))).toEqual(["turnout.key"]);
  }
});
