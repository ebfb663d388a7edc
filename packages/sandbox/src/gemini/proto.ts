import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";

/** A field of a protobuf message, as its JSON form is read. */
export type Field =
  | { readonly kind: "string" | "bytes" | "number" | "integer" | "boolean" | "any" }
  | { readonly kind: "enum"; readonly name: string; readonly values: readonly string[] }
  | { readonly kind: "list"; readonly of: Field }
  | { readonly kind: "map"; readonly of: Field }
  | { readonly kind: "message"; readonly of: () => Message };

/** Fields by their name in camel case. */
export type Message = Readonly<Record<string, Field>>;

/** One thing that cannot be read. */
export interface Violation {
  /** The path in snake case; "" for the top. */
  readonly field: string;
  readonly description: string;
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const typeNames: Readonly<Record<string, string>> = {
  string: "TYPE_STRING",
  bytes: "TYPE_BYTES",
  number: "TYPE_FLOAT",
  integer: "TYPE_INT32",
  boolean: "TYPE_BOOL",
};

function invalid(path: string, type: string, value: JsonValue): Violation {
  return { field: path, description: `Invalid value at '${path}' (${type}), ${JSON.stringify(value)}` };
}

function fits(kind: string, value: JsonValue): boolean {
  switch (kind) {
    case "string":
      return typeof value === "string";
    case "number":
      return typeof value === "number" || (typeof value === "string" && value !== "" && !Number.isNaN(Number(value)));
    case "integer":
      return Number.isInteger(typeof value === "string" && value !== "" ? Number(value) : value);
    case "boolean":
      return typeof value === "boolean";
    default:
      return true;
  }
}

/** Reads JSON like Google's front end: every unknown name and wrong type is a violation. */
class ProtoReader {
  readonly violations: Violation[] = [];

  message(fields: Message, value: JsonValue, path: string): JsonValue {
    if (!isJsonObject(value)) {
      this.violations.push(invalid(path, "type.googleapis.com/google.protobuf.Message", value));
      return {};
    }
    const result: Record<string, JsonValue> = {};
    for (const [key, each] of Object.entries(value)) {
      if (each === undefined) continue;
      const name = key.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (field === undefined) this.unknown(key, path);
      else if (each !== null)
        result[name] = this.field(field, each, path === "" ? snakeCase(name) : `${path}.${snakeCase(name)}`);
    }
    return result;
  }

  private unknown(key: string, path: string): void {
    const place = path === "" ? "" : ` at '${path}'`;
    this.violations.push({
      field: path,
      description: `Invalid JSON payload received. Unknown name "${key}"${place}: Cannot find field.`,
    });
  }

  private field(field: Field, value: JsonValue, path: string): JsonValue {
    switch (field.kind) {
      case "message":
        return this.message(field.of(), value, path);
      case "list":
        // A lone value is a list of one.
        return (Array.isArray(value) ? value : [value]).map((each: JsonValue, index) =>
          this.field(field.of, each, `${path}[${index}]`),
        );
      case "map":
        return this.map(field.of, value, path);
      case "enum":
        return this.enumeration(field.name, field.values, value, path);
      case "any":
        return value;
      case "bytes":
        if (typeof value === "string" && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value) && value.length % 4 !== 1) return value;
        this.violations.push({
          field: path,
          description: `Invalid value at '${path}' (TYPE_BYTES), Base64 decoding failed for ${JSON.stringify(value).slice(0, 200)}`,
        });
        return "";
      default:
        if (Array.isArray(value)) {
          const description = `Invalid JSON payload received. Unknown name "${path.split(".").at(-1)}" at '${path.slice(0, path.lastIndexOf("."))}': Proto field is not repeating, cannot start list.`;
          this.violations.push({ field: path, description });
        } else if (!fits(field.kind, value)) this.violations.push(invalid(path, typeNames[field.kind] ?? "", value));
        return (field.kind === "integer" || field.kind === "number") && typeof value === "string"
          ? Number(value)
          : value;
    }
  }

  private map(of: Field, value: JsonValue, path: string): JsonValue {
    if (!isJsonObject(value)) {
      this.violations.push(invalid(path, "TYPE_MESSAGE", value));
      return {};
    }
    const entries = Object.entries(value).flatMap(([key, each], index) =>
      // The front end numbers the entries of a map.
      each === undefined ? [] : [[key, this.field(of, each, `${path}[${index}].value`)] as const],
    );
    return Object.fromEntries(entries);
  }

  private enumeration(name: string, values: readonly string[], value: JsonValue, path: string): JsonValue {
    if (typeof value === "string") {
      const found = values.find((each) => each === value.toUpperCase());
      if (found !== undefined) return found;
    } else if (typeof value === "number" && values[value] !== undefined) return values[value];
    if (Array.isArray(value)) {
      const description = `Invalid JSON payload received. Unknown name "${path.split(".").at(-1)}" at '${path.slice(0, path.lastIndexOf("."))}': Proto field is not repeating, cannot start list.`;
      this.violations.push({ field: path, description });
    } else {
      this.violations.push(invalid(path, `type.googleapis.com/google.ai.generativelanguage.v1beta.${name}`, value));
    }
    return values[0] ?? "";
  }
}

/** Names in camel case, and what could not be read. */
export function readProto(fields: Message, value: JsonObject): { value: JsonValue; violations: readonly Violation[] } {
  const reader = new ProtoReader();
  return { value: reader.message(fields, value, ""), violations: reader.violations };
}
