import { z } from "zod";
import { createConfigSchema } from "../apps/router/src/config/config-schema.ts";
import { builtInPlugins } from "../apps/router/src/plugins.ts";

const propertySchema = z.looseObject({
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  default: z.unknown().optional(),
  description: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});

/** JSON Schema (draft 2020-12) of `turnout.yaml`, for editors. */
export function renderConfigJsonSchema(): string {
  return `${JSON.stringify(jsonSchema(), null, 2)}\n`;
}

/** The config table of the README: a row per key. */
export function renderConfigTable(): string {
  const rows = rowsOf("", jsonSchema());
  return ["| key | default | meaning |", "|---|---|---|", ...rows].join("\n");
}

function jsonSchema() {
  return z.toJSONSchema(createConfigSchema(builtInPlugins), { io: "input" });
}

function rowsOf(prefix: string, schema: unknown): string[] {
  const { properties } = propertySchema.parse(schema);
  return Object.entries(properties ?? {}).flatMap(([key, value]) => {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    const property = propertySchema.parse(value);
    return property.properties === undefined ? [row(path, property)] : rowsOf(path, value);
  });
}

function row(path: string, property: z.output<typeof propertySchema>): string {
  const choices =
    property.enum === undefined ? "" : ` One of ${property.enum.map((choice) => `\`${String(choice)}\``).join(", ")}.`;
  const fallback = property.default === undefined ? "" : `\`${JSON.stringify(property.default)}\``;
  return `| \`${path}\` | ${fallback} | ${(property.description ?? "").replaceAll("|", "\\|")}${choices} |`;
}
