import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

const dependenciesSchema = z.record(z.string(), z.string()).default({});

const manifestSchema = z.object({
  name: z.string(),
  private: z.boolean().default(false),
  packageManager: z.string().optional(),
  dependencies: dependenciesSchema,
  devDependencies: dependenciesSchema,
  peerDependencies: dependenciesSchema,
  optionalDependencies: dependenciesSchema,
});

/** The parts of a `package.json` the checks look at. */
export type Manifest = z.infer<typeof manifestSchema>;

/** One package or app of the workspace. */
export interface Room {
  /** Relative to the root, with slashes, for example `packages/core`. */
  readonly folder: string;
  readonly manifest: Manifest;
}

export function readManifest(file: string): Manifest {
  return manifestSchema.parse(JSON.parse(readFileSync(file, "utf8")));
}

/** Every package and app, sorted by folder. */
export function listRooms(root: string): Room[] {
  return ["apps", "packages"].flatMap((parent) => {
    const parentFolder = path.join(root, parent);
    if (!existsSync(parentFolder)) return [];
    return readdirSync(parentFolder)
      .toSorted()
      .filter((name) => existsSync(path.join(parentFolder, name, "package.json")))
      .map((name) => ({
        folder: `${parent}/${name}`,
        manifest: readManifest(path.join(parentFolder, name, "package.json")),
      }));
  });
}

// The folders of .gitignore. Walking instead of asking git lets the checks work on an unpacked archive, too.
const ignoredFolders = new Set([".git", ".turbo", "node_modules", "dist", "coverage"]);

/** Every file below `folder` that belongs to the repository, relative to `root`, with slashes, sorted. */
export function listFiles(root: string, folder = ""): string[] {
  const absolute = path.join(root, folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return ignoredFolders.has(entry.name) ? [] : listFiles(root, name);
      return entry.isFile() ? [name] : [];
    });
}

/** Tests and what only tests use; it is not published. */
export function isTestFile(file: string): boolean {
  return /\.(test|test-d|bench)\.ts$/u.test(file) || /(^|\/)(test|__fixtures__)\//u.test(file);
}

export function readText(root: string, file: string): string {
  return readFileSync(path.join(root, file), "utf8");
}
