import type { Check } from "../library/check.ts";
import { readText } from "../library/workspace.ts";

/** A lockfile with addresses in it would install from one person's mirror. */
export const lockfile: Check = {
  name: "lockfile",
  title: "the lockfile names no hosts",
  run(root) {
    const problems = readText(root, "pnpm-lock.yaml")
      .split("\n")
      .flatMap((text, index) =>
        /https?:\/\//u.test(text) ? [`pnpm-lock.yaml:${index + 1}: names a host: ${text.trim()}`] : [],
      );
    return { problems };
  },
};
