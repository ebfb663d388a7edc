import { readMatrix } from "../apps/router/test/sdk-matrix/matrix-results.ts";

/** The README's table of client languages against upstream languages, from the results of the last whole test run. */
export function renderSdkMatrix(): string {
  const results = readMatrix();
  const clients = [...new Set(results.map((result) => result.client))];
  const upstreams = [...new Set(results.map((result) => result.upstream))];
  const cell = (client: string, upstream: string): string => {
    const mine = results.filter((result) => result.client === client && result.upstream === upstream);
    const passed = mine.reduce((sum, result) => sum + result.passed, 0);
    return `${passed} of ${mine.reduce((sum, result) => sum + result.scenarios, 0)}`;
  };
  const sdksOf = (client: string) => [
    ...new Set(results.filter((result) => result.client === client).map((result) => result.sdk)),
  ];
  return [
    `| client \\ upstream | ${upstreams.map((upstream) => `\`${upstream}\``).join(" | ")} |`,
    `|---|${upstreams.map(() => "---|").join("")}`,
    ...clients.map((client) => {
      const cells = upstreams.map((upstream) => cell(client, upstream));
      return `| \`${client}\` (${sdksOf(client).join("; ")}) | ${cells.join(" | ")} |`;
    }),
  ].join("\n");
}
