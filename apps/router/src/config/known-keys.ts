import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";

/** Looks through defaults, optionals and the like at the schema that describes the value. */
function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodNullable
  ) {
    inner = inner.unwrap();
  }
  return inner;
}

function step(schema: unknown, key: PropertyKey): unknown {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return inner.shape[String(key)];
  if (inner instanceof z.ZodArray) return inner.element;
  if (inner instanceof z.ZodRecord) return inner.valueType;
  return undefined;
}

/** The keys the schema knows at `path`; empty where it knows none or anything goes. */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let current: unknown = schema;
  for (const key of path) current = step(current, key);
  const inner = unwrap(current);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

/** The candidate a writer most likely meant, or undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const best = closest(word, candidates);
  return isNear(word, best) ? best : undefined;
}

function isNear(word: string, candidate: string): boolean {
  const left = word.toLowerCase();
  const right = candidate.toLowerCase();
  if (left.includes(right) || right.includes(left)) return true;
  return distance(left, right) <= Math.ceil(Math.max(left.length, right.length) / 3);
}
