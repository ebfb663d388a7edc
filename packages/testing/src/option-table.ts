/** What is used of one property of a JSON Schema. */
interface DescribedProperty {
  readonly description?: string;
  readonly default?: unknown;
}

function cell(value: unknown): string {
  if (value === undefined) return "";
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

/**
 * The rows of a README's table of options, so that a test can hold the README to the schema.
 *
 * @param schema - From `z.toJSONSchema(optionsSchema, { io: "input" })`.
 * @returns One row a line: name, default, description.
 * @throws {TypeError} when an option has no description.
 */
export function optionTable(schema: {
  readonly properties?: Readonly<Record<string, DescribedProperty | boolean>> | undefined;
}): string {
  const rows = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const { description, default: fallback } = typeof property === "boolean" ? {} : property;
    if (description === undefined) throw new TypeError(`Cannot document option ${name}: it has no description`);
    return `| \`${name}\` | ${cell(fallback)} | ${description.replaceAll("|", "\\|")} |`;
  });
  return rows.join("\n");
}
