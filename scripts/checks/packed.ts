import { mkdtempSync, readFileSync, rmSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import type { Check } from "../library/check.ts";
import { commandResult, runCommand } from "../library/command.ts";
import { listRooms, type Room } from "../library/workspace.ts";

const packResultSchema = z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) });

const wanted = ["package.json", "README.md", "LICENSE", "dist/index.js", "dist/index.d.ts"];
const unwanted =
  /\.(test|test-d)\.|(^|\/)(test|__fixtures__|node_modules)\/|(^|\/)tsconfig|\.tsbuildinfo$|(^|\/)\.env/u;
/** What pnpm replaces while packing; left over, it cannot be installed or loads sources that users do not have. */
const workspaceOnly = ["workspace:", "catalog:", "@turnout/source"];

/**
 * What is wrong with the contents of a tarball.
 *
 * @param files - Paths in the tarball, without `package/`.
 * @param manifest - Text of its `package.json`.
 */
export function judgeTarball(name: string, files: readonly string[], manifest: string): string[] {
  return [
    ...wanted.filter((file) => !files.includes(file)).map((file) => `${name}: the tarball lacks ${file}`),
    ...files.filter((file) => unwanted.test(file)).map((file) => `${name}: the tarball ships ${file}`),
    ...workspaceOnly
      .filter((word) => manifest.includes(word))
      .map((word) => `${name}: "${word}" is left in the packed package.json`),
  ];
}

async function checkRoom(root: string, folder: string, room: Room): Promise<string[]> {
  const { name } = room.manifest;
  const target = path.join(folder, path.basename(room.folder));
  const packed = await runCommand(path.join(root, room.folder), [
    "pnpm",
    "pack",
    "--json",
    "--pack-destination",
    target,
  ]);
  if (packed.code !== 0) return [`${name}: pnpm pack ended with ${packed.code}\n${packed.output.trimEnd()}`];
  const { filename, files } = packResultSchema.parse(JSON.parse(packed.output));
  const tarball = path.resolve(target, filename);
  const unpacked = await runCommand(target, ["tar", "-xzf", tarball]);
  if (unpacked.code !== 0) return [`${name}: the tarball cannot be unpacked\n${unpacked.output}`];

  const manifest = readFileSync(path.join(target, "package", "package.json"), "utf8");
  const tools = [
    ["publint", "--strict", tarball],
    ["attw", tarball, "--profile", "esm-only", "--no-emoji", "--no-color"],
  ];
  const results = await Promise.all(tools.map((command) => commandResult(root, command)));
  const paths = files.map((file) => file.path);
  return [...judgeTarball(name, paths, manifest), ...results.flatMap(({ problems }) => problems)];
}

/** Every package packs, and what is packed is complete, clean and resolvable: users get the tarball, not the tree. */
export const packed: Check = {
  name: "packed",
  title: "every tarball is complete, clean, and right for publint and attw",
  needs: ["build"],
  async run(root) {
    const folder = mkdtempSync(path.join(tmpdir(), "turnout-pack-"));
    try {
      const problems: string[] = [];
      for (const room of listRooms(root).filter(({ manifest }) => !manifest.private)) {
        if (!existsSync(path.join(root, room.folder, "dist"))) problems.push(`${room.manifest.name}: has no dist`);
        else problems.push(...(await checkRoom(root, folder, room)));
      }
      return { problems };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
