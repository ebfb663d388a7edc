import type { Check } from "../library/check.ts";
import { isTestFile, listFiles, listRooms, readText } from "../library/workspace.ts";

const limit = 400;
const worthAMention = 300;

/** A file can be read in one sitting. */
export const fileLength: Check = {
  name: "file-length",
  title: `no source file is longer than ${limit} lines`,
  run(root) {
    const files = listRooms(root)
      .flatMap((room) => listFiles(root, `${room.folder}/src`))
      .filter((file) => file.endsWith(".ts") && !isTestFile(file))
      .map((file) => ({ file, lines: readText(root, file).split("\n").length - 1 }))
      .toSorted((a, b) => b.lines - a.lines);
    return {
      problems: files
        .filter(({ lines }) => lines > limit)
        .map(({ file, lines }) => `${file}: has ${lines} lines, the limit is ${limit}`),
      notes: files
        .filter(({ lines }) => lines > worthAMention && lines <= limit)
        .slice(0, 5)
        .map(({ file, lines }) => `${file} has ${lines} lines`),
    };
  },
};
