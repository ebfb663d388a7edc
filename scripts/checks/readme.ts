import { existsSync } from "node:fs";
import path from "node:path";
import type { Check } from "../library/check.ts";
import { listFiles, listRooms, readManifest, readText } from "../library/workspace.ts";

const testCommand = /npx -y pnpm@\S+ test\b/u;

function checkTestCommand(root: string): string[] {
  const inPipeline = testCommand.exec(readText(root, ".ci/run"))?.[0];
  if (inPipeline === undefined) return [".ci/run: does not run `npx -y pnpm@… test`"];
  return readText(root, "README.md").includes(inPipeline)
    ? []
    : [`README.md: does not name the test command of .ci/run, \`${inPipeline}\``];
}

function checkVersions(root: string): string[] {
  const expected = readManifest(path.join(root, "package.json")).packageManager ?? "pnpm@?";
  const documents = listFiles(root).filter((file) => file === ".ci/run" || /\.(md|yml|yaml)$/u.test(file));
  return documents
    .filter((file) => file !== "pnpm-lock.yaml" && !file.endsWith("CHANGELOG.md"))
    .flatMap((file) =>
      [...readText(root, file).matchAll(/\bpnpm@\d[\w.-]*\d/gu)]
        .filter(([found]) => found !== expected)
        .map(([found]) => `${file}: says ${found}, packageManager says ${expected}`),
    );
}

/** The commands a newcomer reads are the commands that are run for every change. */
export const readme: Check = {
  name: "readme",
  title: "READMEs exist and their commands are those of .ci/run",
  run(root) {
    const missing = ["README.md", ...listRooms(root).map((room) => `${room.folder}/README.md`)]
      .filter((file) => !existsSync(path.join(root, file)))
      .map((file) => `${file}: is missing`);
    return {
      problems: [
        ...missing,
        ...(missing.includes("README.md: is missing") ? [] : checkTestCommand(root)),
        ...checkVersions(root),
      ],
    };
  },
};
