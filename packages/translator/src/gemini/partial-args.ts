import type { JsonObject, JsonValue } from "@turnout/core";

import { textIn } from "./extras.ts";

// With `streamFunctionCallArguments` Vertex sends arguments as a list of places and values:
// `{jsonPath: "$.items[0].name", stringValue: "Bos", willContinue: true}`.

/** Limits of a place: an index may fill an array, a path may nest, no further than this. */
const maxIndex = 10_000;
const maxDepth = 100;

type Key = string | number;
type Container = Record<string, unknown> | unknown[];

/** `$.a[0]["b c"]` as `["a", 0, "b c"]`; undefined for what is no such path. */
function parsePath(path: string): Key[] | undefined {
  const keys: Key[] = [];
  const step = /\.([^.[\]]+)|\[(\d+)\]|\[(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\]/uy;
  step.lastIndex = path.startsWith("$") ? 1 : 0;
  while (step.lastIndex < path.length) {
    const match = step.exec(path);
    if (match === null || keys.length >= maxDepth) return undefined;
    const [, name, index, double, single] = match;
    if (index !== undefined) keys.push(Number(index));
    else keys.push(name ?? (double ?? single ?? "").replaceAll(/\\(.)/gu, "$1"));
  }
  return keys.length > 0 ? keys : undefined;
}

/** Own fields only: a path may be called `__proto__`. */
function get(container: Container, key: Key): unknown {
  return Object.getOwnPropertyDescriptor(container, key)?.value;
}

function set(container: Container, key: Key, value: unknown): void {
  Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
}

function fits(container: Container, key: Key): boolean {
  return Array.isArray(container) === (typeof key === "number") && (typeof key === "string" || key <= maxIndex);
}

function valueOf(piece: JsonObject): JsonValue | undefined {
  const { stringValue, numberValue, boolValue } = piece;
  if (typeof stringValue === "string" || typeof numberValue === "number" || typeof boolValue === "boolean") {
    return stringValue ?? numberValue ?? boolValue;
  }
  return "nullValue" in piece ? null : undefined;
}

/** Builds the arguments of one call. */
export interface ArgumentsBuilder {
  /** @returns False for a place that cannot be in what there is; the pieces from there on are not added. */
  add(pieces: readonly JsonObject[]): boolean;
  /** The arguments so far. A field that holes in an array left over is `null`. */
  readonly value: JsonObject;
}

export function createArgumentsBuilder(): ArgumentsBuilder {
  const root: Record<string, unknown> = {};

  function addPiece(piece: JsonObject): boolean {
    const keys = parsePath(textIn(piece, "jsonPath") ?? "");
    const last = keys?.pop();
    if (keys === undefined || last === undefined) return false;
    let container: Container = root;
    for (const [position, key] of keys.entries()) {
      if (!fits(container, key)) return false;
      const inner: unknown = get(container, key);
      if (typeof inner === "object" && inner !== null) container = inner as Container;
      else {
        const made: Container = typeof (keys[position + 1] ?? last) === "number" ? [] : {};
        set(container, key, made);
        container = made;
      }
    }
    if (!fits(container, last)) return false;
    const value = valueOf(piece);
    if (value === undefined) return true;
    const before = get(container, last);
    // Text grows: the pieces of one place continue each other, the last of them often empty.
    set(container, last, typeof before === "string" && typeof value === "string" ? before + value : value);
    return true;
  }

  return {
    add: (pieces) => pieces.every(addPiece),
    get value() {
      return root as JsonObject;
    },
  };
}
