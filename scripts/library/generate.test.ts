import { expect, test } from "vitest";
import { generatedSection, renderStale } from "./generate.ts";
import { temporaryTree } from "./temporary-tree.ts";

const table = generatedSection("a.md", "table", () => "| new |");
const list = generatedSection("a.md", "list", () => "- new");

test("renderStale() writes between the marks only, several parts of one file included", () => {
  const root = temporaryTree({
    "a.md":
      "head\n<!-- generated:table -->\nold\n<!-- /generated:table -->\n<!-- generated:list -->\n<!-- /generated:list -->\n",
  });
  expect(renderStale(root, [table, list])).toEqual(
    new Map([
      [
        "a.md",
        "head\n<!-- generated:table -->\n\n| new |\n\n<!-- /generated:table -->\n<!-- generated:list -->\n\n- new\n\n<!-- /generated:list -->\n",
      ],
    ]),
  );
});

test("renderStale() leaves out what is up to date", () => {
  const root = temporaryTree({
    "a.md": "<!-- generated:table -->\n\n| new |\n\n<!-- /generated:table -->\n",
    "b.json": "{}\n",
  });
  expect(renderStale(root, [table, { path: "b.json", render: () => "{}\n" }])).toEqual(new Map());
});

test("renderStale() tells of a file that is not there yet", () => {
  expect(renderStale(temporaryTree({}), [{ path: "b.json", render: () => "{}\n" }])).toEqual(
    new Map([["b.json", "{}\n"]]),
  );
});

test("generatedSection() refuses a file without its marks", () => {
  expect(() => table.render("nothing here")).toThrow("Cannot write a part of a.md");
});
