import { parse } from "yaml";
import { z } from "zod";
import type { Check } from "../library/check.ts";
import { listFiles, listRooms, readText } from "../library/workspace.ts";

const headSchema = z.record(z.string(), z.enum(["patch", "minor", "major"]));

/** A changeset that names no package, or one that is not there, would break the release. */
export const changesets: Check = {
  name: "changesets",
  title: "changesets name packages of this repository",
  run(root) {
    const names = new Set(listRooms(root).map((room) => room.manifest.name));
    const problems = listFiles(root, ".changeset")
      .filter((file) => file.endsWith(".md") && !file.endsWith("README.md"))
      .flatMap((file) => {
        const [, head, body] = /^---\n(.*?)---\n(.*)$/su.exec(readText(root, file)) ?? [];
        if (head === undefined || body?.trim() === "") return [`${file}: has no head between --- lines, or no text`];
        const parsed = headSchema.safeParse(parse(head));
        if (!parsed.success) return [`${file}: ${z.prettifyError(parsed.error)}`];
        return Object.keys(parsed.data)
          .filter((name) => !names.has(name))
          .map((name) => `${file}: there is no package "${name}"`);
      });
    return { problems };
  },
};
