import path from "node:path";
import type { Check } from "../library/check.ts";
import { readSource, type SourceFacts } from "../library/source.ts";
import { isTestFile, listFiles, listRooms, readText, type Room } from "../library/workspace.ts";
import { arrowTable, builtInExecutors, providerRow, testImports, type ArrowRow } from "./arrow-table.ts";

const scope = "@turnout/";
const impureGlobals: ReadonlySet<string> = new Set(["process", "Buffer"]);

/** `@turnout/core/x` -> `core`; undefined for packages from outside. */
function roomOf(specifier: string): string | undefined {
  return specifier.startsWith(scope) ? specifier.slice(scope.length).split("/")[0] : undefined;
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function isNodeModule(specifier: string): boolean {
  return specifier.startsWith("node:");
}

/** What is wrong with one import of a file in `room`; undefined when it may be. */
function judgeImport(room: Room, row: ArrowRow, file: string, specifier: string): string | undefined {
  const test = isTestFile(file);
  if (specifier.startsWith(".")) {
    const target = path.posix.join(path.posix.dirname(file), specifier);
    return target.startsWith(`${room.folder}/`) ? undefined : `reaches out of its package to "${specifier}"`;
  }
  if (isNodeModule(specifier)) {
    return row.pure && !test ? `imports "${specifier}", but this package is pure` : undefined;
  }
  const name = packageOf(specifier);
  if (name === room.manifest.name) return test ? undefined : `imports its own package by name`;
  const target = roomOf(specifier);
  if (target === undefined) return judgeOutside(room, row, test, name);
  if (target === "router") return `imports the app "${specifier}"`;
  if (!row.imports.includes(target) && !(test && testImports.includes(target))) {
    return `may not import "${specifier}"`;
  }
  const executors: readonly string[] = builtInExecutors.packages;
  if (room.folder === "apps/router" && executors.includes(target) && !test && file !== builtInExecutors.file) {
    return `names "${specifier}"; only ${builtInExecutors.file} does that`;
  }
  return undefined;
}

function judgeOutside(room: Room, row: ArrowRow, test: boolean, name: string): string | undefined {
  if (test) return undefined;
  if (row.outside !== undefined && !row.outside.includes(name)) return `may not import "${name}"`;
  const { dependencies, peerDependencies, optionalDependencies } = room.manifest;
  const listed = { ...dependencies, ...peerDependencies, ...optionalDependencies };
  return name in listed ? undefined : `imports "${name}", which is not among its dependencies`;
}

function judgeManifest(room: Room, row: ArrowRow): string[] {
  const { dependencies, peerDependencies, optionalDependencies, devDependencies } = room.manifest;
  const file = `${room.folder}/package.json`;
  const shipped = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
  return [
    ...shipped.flatMap((name) => {
      const target = roomOf(name);
      const allowed = target === undefined ? (row.outside?.includes(name) ?? true) : row.imports.includes(target);
      return allowed ? [] : [`${file}: may not depend on "${name}"`];
    }),
    ...Object.keys(devDependencies).flatMap((name) => {
      const target = roomOf(name);
      const allowed = target === undefined || row.imports.includes(target) || testImports.includes(target);
      return allowed ? [] : [`${file}: may not depend on "${name}", not even for tests`];
    }),
  ];
}

function checkFile(room: Room, row: ArrowRow, file: string, facts: SourceFacts): string[] {
  const imports = facts.imports.flatMap(({ specifier, line }) => {
    const problem = judgeImport(room, row, file, specifier);
    return problem === undefined ? [] : [`${file}:${line}: ${problem}`];
  });
  const globals = row.pure && !isTestFile(file) ? facts.globals : [];
  return [...imports, ...globals.map((use) => `${file}:${use.line}: uses ${use.name}, but this package is pure`)];
}

/** Programs beside the packages. Scripts may read the app's sources (its config schema); the others use packages only. */
function checkPrograms(root: string): string[] {
  return ["bench", "examples"].flatMap((folder) =>
    listFiles(root, folder)
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) =>
        readSource(file, readText(root, file), new Set())
          .imports.filter(({ specifier }) => roomOf(specifier) === "router" || /(^|\/)apps\//u.test(specifier))
          .map(({ specifier, line }) => `${file}:${line}: imports the app "${specifier}"`),
      ),
  );
}

/** The arrows between packages are those of `arrow-table.ts`, in sources and manifests. */
export const arrows: Check = {
  name: "arrows",
  title: "imports follow the arrows of the house",
  run(root) {
    const problems = listRooms(root).flatMap((room) => {
      const row = arrowTable[path.posix.basename(room.folder)] ?? providerRow;
      const files = ["src", "test"].flatMap((folder) => listFiles(root, `${room.folder}/${folder}`));
      return [
        ...judgeManifest(room, row),
        ...files
          .filter((file) => file.endsWith(".ts"))
          .flatMap((file) => checkFile(room, row, file, readSource(file, readText(root, file), impureGlobals))),
      ];
    });
    return { problems: [...problems, ...checkPrograms(root)] };
  },
};
