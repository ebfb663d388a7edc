import { chmod } from "node:fs/promises";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";

import { makeFolder } from "../../test/support.ts";
import { type Database, openDatabase } from "./database.ts";

const countSchema = z.object({ count: z.int() }).transform((row) => row.count);

async function open(path?: string, waitMs = 20): Promise<Database> {
  const database = openDatabase(path ?? join(await makeFolder(), "test.db"), waitMs);
  onTestFinished(() => database.close());
  return database;
}

function count(database: Database): number | undefined {
  return database.first(countSchema, "SELECT count(*) AS count FROM things");
}

test("a full disk is told of, loses nothing, and is over as soon as there is room", async () => {
  const database = await open();
  database.script("CREATE TABLE things (value BLOB)");
  database.run("INSERT INTO things VALUES (?)", "before");
  database.script("PRAGMA max_page_count = 4");
  const fill = () =>
    database.transaction(() => {
      database.run("INSERT INTO things VALUES (?)", "small");
      database.run("INSERT INTO things VALUES (?)", Buffer.alloc(100_000));
    }, "durable");
  expect(fill).toThrow(expect.objectContaining({ code: "store-unavailable", details: { reason: "full" } }));
  expect(fill).toThrow("the disk is full; make room");
  expect(count(database)).toBe(1);
  database.script("PRAGMA max_page_count = 1000");
  fill();
  expect(count(database)).toBe(3);
});

test("a database that another process holds is told of after the wait, and reading goes on", async () => {
  const one = await open();
  one.script("CREATE TABLE things (value BLOB)");
  const other = await open(one.path);
  const locked = () => other.run("INSERT INTO things VALUES (1)");
  one.transaction(() => {
    expect(locked).toThrow(expect.objectContaining({ details: { reason: "locked" } }));
    expect(locked).toThrow("another process holds it; try again");
    expect(count(other)).toBe(0);
  });
  locked();
  expect(count(one)).toBe(1);
});

test("dataVersion() changes with a commit of another connection and not with our own", async () => {
  const one = await open();
  one.script("CREATE TABLE things (value BLOB)");
  const other = await open(one.path);
  const before = one.dataVersion();
  one.run("INSERT INTO things VALUES (1)");
  expect(one.dataVersion()).toBe(before);
  other.run("INSERT INTO things VALUES (1)");
  expect(one.dataVersion()).not.toBe(before);
});

test("transaction() inside another one is a part of it", async () => {
  const database = await open();
  database.script("CREATE TABLE things (value BLOB)");
  const insert = () => database.transaction(() => database.run("INSERT INTO things VALUES (1)"));
  expect(() =>
    database.transaction(() => {
      insert();
      throw new Error("stopped");
    }),
  ).toThrow("stopped");
  expect(count(database)).toBe(0);
  insert();
  expect(count(database)).toBe(1);
});

test("a folder that does not let anybody in is told of", async () => {
  const folder = await makeFolder();
  await chmod(folder, 0o500);
  expect(() => openDatabase(join(folder, "no", "such", "folder.db"))).toThrow("Cannot open");
});
