import { isJsonArray, isJsonObject, type JsonValue } from "@turnout/core";

/** `messages[0].content[1].type`, as OpenAI writes a path. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

/** What lies one step further, if anything does. */
export function valueIn(value: JsonValue | undefined, key: PropertyKey): JsonValue | undefined {
  if (isJsonArray(value)) return value[Number(key)];
  return isJsonObject(value) ? value[String(key)] : undefined;
}

/** What lies at the end of a path. */
export function valueAt(value: JsonValue | undefined, path: readonly PropertyKey[]): JsonValue | undefined {
  return path.reduce(valueIn, value);
}
