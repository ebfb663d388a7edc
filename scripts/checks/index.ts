import type { Check } from "../library/check.ts";
import { arrows } from "./arrows.ts";
import { changesets } from "./changesets.ts";
import { fileLength } from "./file-length.ts";
import { lockfile } from "./lockfile.ts";
import { machinePaths } from "./machine-paths.ts";
import { packed } from "./packed.ts";
import { readme } from "./readme.ts";
import { build, format, generated, lint, tests, types, unused } from "./tools.ts";
import { world } from "./world.ts";

/** All that a reviewer would run, the quick ones first. */
export const checks: readonly Check[] = [
  format,
  arrows,
  world,
  fileLength,
  lockfile,
  machinePaths,
  readme,
  changesets,
  types,
  build,
  lint,
  unused,
  generated,
  tests,
  packed,
];
