import { expect, test } from "vitest";
import { temporaryTree } from "../library/temporary-tree.ts";
import { changesets } from "./changesets.ts";
import { fileLength } from "./file-length.ts";
import { lockfile } from "./lockfile.ts";
import { machinePaths } from "./machine-paths.ts";
import { readme } from "./readme.ts";

const core = { "packages/core/package.json": { name: "@turnout/core" } };

test("lockfile catches a host", async () => {
  const good = temporaryTree({ "pnpm-lock.yaml": "resolution: {integrity: sha512-x}" });
  const bad = temporaryTree({ "pnpm-lock.yaml": "a:\n  tarball: https://mirror.example/a.tgz" });
  expect(await lockfile.run(good)).toEqual({ problems: [] });
  expect(await lockfile.run(bad)).toEqual({
    problems: ["pnpm-lock.yaml:2: names a host: tarball: https://mirror.example/a.tgz"],
  });
});

test("machinePaths catches a path of one machine, in any file", async () => {
  const text = `see ${["", "root", "notes.md"].join("/")}`;
  const root = temporaryTree({ "docs/a.md": `one\n${text}`, "node_modules/x/a.md": text, ".ci/run": text });
  expect(await machinePaths.run(root)).toEqual({
    problems: [`.ci/run:1: names a path of one machine: ${text}`, `docs/a.md:2: names a path of one machine: ${text}`],
  });
});

test("machinePaths lets addresses and relative paths be", async () => {
  const root = temporaryTree({ "a.md": "https://example.com/work/x ./tmp/x packages/root/x ~/work/x /workspace/x" });
  expect(await machinePaths.run(root)).toEqual({ problems: [] });
});

test("fileLength catches a long source, mentions a longish one, and leaves tests alone", async () => {
  const root = temporaryTree({
    ...core,
    "packages/core/src/long.ts": "\n".repeat(401),
    "packages/core/src/longish.ts": "\n".repeat(400),
    "packages/core/src/long.test.ts": "\n".repeat(900),
  });
  expect(await fileLength.run(root)).toEqual({
    problems: ["packages/core/src/long.ts: has 401 lines, the limit is 400"],
    notes: ["packages/core/src/longish.ts has 400 lines"],
  });
});

const tellTale = {
  ...core,
  "package.json": { name: "workspace", packageManager: "pnpm@1.2.3" },
  "packages/core/README.md": "core",
  "README.md": "Run `npx -y pnpm@1.2.3 test`",
  ".ci/run": "npx -y pnpm@1.2.3 test\n",
};

test("readme passes when README, .ci/run and packageManager agree", async () => {
  expect(await readme.run(temporaryTree(tellTale))).toEqual({ problems: [] });
});

test("readme catches another test command and another version of pnpm", async () => {
  const { problems } = await readme.run(temporaryTree({ ...tellTale, "README.md": "Run `npx -y pnpm@1.2.4 test`" }));
  expect(problems).toEqual([
    "README.md: does not name the test command of .ci/run, `npx -y pnpm@1.2.3 test`",
    "README.md: says pnpm@1.2.4, packageManager says pnpm@1.2.3",
  ]);
});

test("readme catches a missing README", async () => {
  const { "packages/core/README.md": _removed, ...others } = tellTale;
  expect(await readme.run(temporaryTree(others))).toEqual({ problems: ["packages/core/README.md: is missing"] });
});

test("changesets catches a package that is not there and a wrong kind of release", async () => {
  const root = temporaryTree({
    ...core,
    ".changeset/good.md": '---\n"@turnout/core": minor\n---\n\nBetter.\n',
    ".changeset/name.md": '---\n"@turnout/cord": minor\n---\n\nBetter.\n',
    ".changeset/kind.md": '---\n"@turnout/core": huge\n---\n\nBetter.\n',
    ".changeset/silent.md": '---\n"@turnout/core": minor\n---\n\n',
  });
  const { problems } = await changesets.run(root);
  expect(problems.map((problem) => problem.split("\n")[0])).toEqual([
    expect.stringContaining(".changeset/kind.md: "),
    '.changeset/name.md: there is no package "@turnout/cord"',
    ".changeset/silent.md: has no head between --- lines, or no text",
  ]);
});
