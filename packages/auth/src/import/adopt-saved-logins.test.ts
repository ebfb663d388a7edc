import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createFakeRuntime } from "@turnout/testing";
import { expect, test } from "vitest";

import { makeFolder, openStore } from "../../test/support.ts";
import { adoptSavedLogins } from "./adopt-saved-logins.ts";
import { createSavedLogin } from "./saved-login.ts";

const record = {
  version: 1,
  login: { accessToken: "access", refreshToken: "rt_1", origin: "fingerprint", expiresAt: 5 },
  refused: [{ fingerprint: "f", code: "refresh_token_reused" }],
};

test("adoptSavedLogins() moves every saved login into the store, once, and leaves what it does not know", async () => {
  const data = await makeFolder();
  const folder = join(data, "credentials");
  const store = await openStore(data, createFakeRuntime());
  const warnings: string[] = [];
  const adopt = () => adoptSavedLogins(store, data, ({ message }) => warnings.push(message));
  await adopt();
  await mkdir(folder);
  const files = {
    "acc_0123456789ab.json": JSON.stringify(record),
    "acc_00000000000b.json": "{ half",
    "notes.txt": "x",
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await adopt();
  const saved = createSavedLogin(store, "acc_0123456789ab", "codex");
  expect(saved.read()).toMatchObject({
    login: { tokens: { refreshToken: "rt_1", expiresAt: 5 }, origin: "fingerprint" },
  });
  expect(saved.read()?.refused).toEqual(record.refused);
  expect((await readdir(folder)).toSorted()).toEqual(["acc_00000000000b.json", "notes.txt"]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/^Cannot take over saved login .*acc_00000000000b\.json: it is damaged$/u);
  // A crash between the store and the removal of the file: what is in the store is newer by now.
  saved.write({ login: undefined, refused: [] });
  await writeFile(join(folder, "acc_0123456789ab.json"), JSON.stringify(record));
  await adopt();
  expect(saved.read()).toEqual({ login: undefined, refused: [] });
  expect(await readdir(folder)).not.toContain("acc_0123456789ab.json");
});
