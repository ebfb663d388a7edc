import { expect, test } from "vitest";
import { judgeTarball } from "./packed.ts";

const files = ["package.json", "README.md", "LICENSE", "dist/index.js", "dist/index.d.ts", "src/index.ts"];

test("judgeTarball() passes a complete and clean tarball", () => {
  expect(judgeTarball("x", files, '{"dependencies":{"@turnout/core":"^0.1.0"}}')).toEqual([]);
});

test("judgeTarball() catches what is missing", () => {
  expect(judgeTarball("x", ["package.json", "dist/index.js", "dist/index.d.ts"], "{}")).toEqual([
    "x: the tarball lacks README.md",
    "x: the tarball lacks LICENSE",
  ]);
});

test.each(["src/a.test.ts", "dist/a.test.js", "src/__fixtures__/a.json", "test/a.ts", "tsconfig.json"])(
  "judgeTarball() catches %s",
  (file) => {
    expect(judgeTarball("x", [...files, file], "{}")).toEqual([`x: the tarball ships ${file}`]);
  },
);

test.each(["workspace:", "catalog:", "@turnout/source"])("judgeTarball() catches %s in the manifest", (word) => {
  expect(judgeTarball("x", files, `{"x":"${word}"}`)).toEqual([`x: "${word}" is left in the packed package.json`]);
});
