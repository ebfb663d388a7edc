import * as z from "zod";

/** Fields that say what a thing is; they go where the thing goes. */
const identity: ReadonlySet<string> = new Set(["type", "role"]);

/** Appends the paths of the fields that `schema` knows to `paths`; those of fields that have fields of their own are left out. */
function collect(schema: z.core.$ZodType, path: string, paths: Set<string>): void {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) collect(schema.unwrap(), path, paths);
  else if (schema instanceof z.ZodPipe) collect(schema.def.in, path, paths);
  else if (schema instanceof z.ZodUnion) for (const option of schema.options) collect(option, path, paths);
  else if (schema instanceof z.ZodArray) collect(schema.element, `${path}[]`, paths);
  else if (schema instanceof z.ZodObject) {
    for (const [key, field] of Object.entries<z.core.$ZodType>(schema.shape)) {
      if (!identity.has(key)) collect(field, path === "" ? key : `${path}.${key}`, paths);
    }
  } else paths.add(path.replace(/(?:\[\])+$/u, ""));
}

/** A schema and where what it describes stands in the document. */
export type PlacedSchema = readonly [place: string, schema: z.core.$ZodType];

/** The paths of all fields that the schemas know, with `[]` for any place in a list. */
export function fieldsOf(schemas: readonly PlacedSchema[]): string[] {
  const paths = new Set<string>();
  for (const [place, schema] of schemas) collect(schema, place, paths);
  const all = [...paths];
  // `content` is a text or a list of parts: the parts speak for the list.
  return all.filter((path) => !all.some((other) => other.startsWith(`${path}.`) || other.startsWith(`${path}[]`)));
}
