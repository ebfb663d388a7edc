import type { Check } from "../library/check.ts";
import { listFiles, readText } from "../library/workspace.ts";

// Put together here, so that this file does not name what it looks for.
const folders = ["work", "root", "tmp"].join("|");
const machinePath = new RegExp(String.raw`(?<![\w.~@/-])/(?:${folders})/[\w.-]`, "u");

/** Paths of the machine a file was written on mean nothing on another. */
export const machinePaths: Check = {
  name: "machine-paths",
  title: "no file names a path of somebody's machine",
  run(root) {
    const problems = listFiles(root).flatMap((file) =>
      readText(root, file)
        .split("\n")
        .flatMap((text, index) => {
          const found = machinePath.exec(text);
          return found === null
            ? []
            : [`${file}:${index + 1}: names a path of one machine: ${text.trim().slice(0, 120)}`];
        }),
    );
    return { problems };
  },
};
