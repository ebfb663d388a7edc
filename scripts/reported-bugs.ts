import { readTestTitles } from "./library/test-titles.ts";
import { isTestFile, listFiles, readText } from "./library/workspace.ts";
import { bugGroups, reportedBugs, untested } from "./reported-bugs-table.ts";

/**
 * The numbers a title stands for: `T01 T02 …`, `(T03, T04)`, and a range as `T62 to T65`.
 */
export function numbersIn(title: string): string[] {
  const ranges = [...title.matchAll(/\bT(\d{2,3}) to T(\d{2,3})\b/gu)].flatMap(([, from, to]) => {
    const [first, last] = [Number(from), Number(to)];
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  });
  const single = [...title.matchAll(/\bT(\d{2,3})\b/gu)].map(([, digits]) => Number(digits));
  return [...new Set([...ranges, ...single])].map((number) => `T${String(number).padStart(2, "0")}`);
}

/** The files with tests for each number, by the titles of all tests of the repository. */
export function findTests(root: string): ReadonlyMap<string, readonly string[]> {
  const places = new Map<string, string[]>();
  const files = ["packages", "apps"].flatMap((folder) => listFiles(root, folder)).filter((file) => isTestFile(file));
  for (const file of files.filter((name) => name.endsWith(".test.ts"))) {
    for (const title of readTestTitles(file, readText(root, file))) {
      for (const number of numbersIn(title)) {
        const found = places.get(number) ?? [];
        if (!found.includes(file)) places.set(number, [...found, file]);
      }
    }
  }
  return places;
}

/** `packages/translator/test/x.test.ts` as a link out of `docs/`. */
function link(file: string): string {
  return `[${file.replace(/^.*\//u, "").replace(/\.test\.ts$/u, "")}](../${file})`;
}

/** `docs/reported-bugs.md`. */
export function renderReportedBugs(root: string): string {
  const places = findTests(root);
  const symptoms = new Map(reportedBugs.map(({ number, symptom }) => [number as string, symptom]));
  const row = (number: string): string => {
    const files = places.get(number) ?? [];
    const where = files.length > 0 ? files.map(link).join(", ") : `none: ${untested[number] ?? ""}`;
    return `| ${number} | ${symptoms.get(number) ?? ""} | ${where} |`;
  };
  const sections = bugGroups.map(({ title, first, symptoms: listed }) => {
    const numbers = listed.map((_, index) => `T${String(first + index).padStart(2, "0")}`);
    return [`## ${title}`, "", "| No | What users saw | Tests |", "|---|---|---|", ...numbers.map(row), ""].join("\n");
  });
  return [
    "# Reported bugs",
    "",
    "What users of other gateways have reported for years, and the tests that keep it from happening here. A test carries the",
    "numbers it stands for in its name. Written by `pnpm generate`.",
    "",
    ...sections,
  ]
    .join("\n")
    .replace(/\n*$/u, "\n");
}
