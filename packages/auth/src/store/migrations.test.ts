import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";

import { makeFolder } from "../../test/support.ts";
import { type Database, openDatabase } from "./database.ts";
import { migrate } from "./migrations.ts";

const steps = ["CREATE TABLE things (a)", "ALTER TABLE things ADD COLUMN b DEFAULT 'new'", "CREATE TABLE more (c)"];

async function open(): Promise<Database> {
  const database = openDatabase(join(await makeFolder(), "test.db"));
  onTestFinished(() => database.close());
  return database;
}

function versionOf(database: Database): number | undefined {
  return database.first(z.object({ user_version: z.int() }), "PRAGMA user_version")?.user_version;
}

test("migrate() takes the steps that are missing, keeps what is there, and does nothing the next time", async () => {
  const database = await open();
  migrate(database, steps.slice(0, 1));
  database.run("INSERT INTO things (a) VALUES ('old')");
  migrate(database, steps);
  migrate(database, steps);
  expect(database.all(z.object({ a: z.string(), b: z.string() }), "SELECT a, b FROM things")).toEqual([
    { a: "old", b: "new" },
  ]);
  expect(versionOf(database)).toBe(3);
});

test("migrate() takes all of the steps or none", async () => {
  const database = await open();
  migrate(database, steps.slice(0, 1));
  expect(() => migrate(database, [...steps.slice(0, 2), "CREATE TABLE things (a)"])).toThrow("already exists");
  expect(versionOf(database)).toBe(1);
  migrate(database, steps);
  expect(versionOf(database)).toBe(3);
});
