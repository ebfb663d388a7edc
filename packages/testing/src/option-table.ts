/** What is used of one property of a JSON Schema. */
interface DescribedProperty {
  readonly description?: string;
  readonly default?: unknown;
  /** Of an option that holds others. */
  readonly properties?: Readonly<Record<string, DescribedProperty | boolean>> | undefined;
}

function cell(value: unknown): string {
  if (value === undefined) return "";
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function rowsOf(properties: DescribedProperty["properties"], prefix: string): string[] {
  return Object.entries(properties ?? {}).flatMap(([name, property]) => {
    const { description, default: fallback, properties: inner } = typeof property === "boolean" ? {} : property;
    if (description === undefined) throw new TypeError(`Cannot document option ${name}: it has no description`);
    const path = prefix + name;
    // The defaults of an option that holds others stand at those.
    const own = `| \`${path}\` | ${cell(inner === undefined ? fallback : undefined)} | ${description.replaceAll("|", "\\|")} |`;
    return [own, ...rowsOf(inner, `${path}.`)];
  });
}

/**
 * The rows of a README's table of options, so that a test can hold the README to the schema. Options that hold others are
 * followed by those, as `sessions.reuse`.
 *
 * @param schema - From `z.toJSONSchema(optionsSchema, { io: "input" })`.
 * @param options - `isNested`: also the options that stand inside others. Default true.
 * @returns One row a line: name, default, description.
 * @throws {TypeError} when an option has no description.
 */
export function optionTable(
  schema: Pick<DescribedProperty, "properties">,
  { isNested = true }: { readonly isNested?: boolean } = {},
): string {
  const rows = rowsOf(schema.properties, "");
  return (isNested ? rows : rows.filter((row) => !/^\| `[^`]*\./u.test(row))).join("\n");
}
