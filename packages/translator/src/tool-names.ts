import type { Tool, WireFormat } from "@turnout/core";

import { sha256Hex } from "./sha256.ts";

/** A tool as the client knows it. */
export interface ToolIdentity {
  readonly name: string;
  readonly namespace?: string;
  readonly kind: "function" | "custom";
}

/**
 * Names of one request's tools where the target has no namespaces or a stricter rule for names (64 of
 * `[a-zA-Z0-9_-]`, which Chat and Responses share). It depends on the request's tools alone, so an answer's names can be
 * turned back without memory.
 */
export interface ToolNames {
  /** The name to send. A tool that the request does not declare (history may hold one) is mapped by the same rule. */
  toWire(name: string, namespace?: string): string;
  /** The tool behind a name that came back, or undefined when none was sent under that name. */
  fromWire(wireName: string): ToolIdentity | undefined;
}

const maxLength = 64;
const plainName = /^[a-zA-Z0-9_-]{1,64}$/u;

function cleanName(qualified: string): string {
  if (plainName.test(qualified)) return qualified;
  const clean = qualified.replaceAll(/[^a-zA-Z0-9_-]/gu, "_");
  if (clean !== "" && clean.length <= maxLength) return clean;
  return `${clean.slice(0, maxLength - 9)}_${sha256Hex(qualified).slice(0, 8)}`;
}

/** `namespace__name`, or the bare name. */
export function qualifiedToolName(name: string, namespace: string | undefined): string {
  return namespace === undefined ? name : `${namespace}__${name}`;
}

const beginsPlainly = /^[a-zA-Z_]/u;

/** The name where the first character must be a letter or `_`, as Gemini wants it. */
function letterFirst(name: string): string {
  return beginsPlainly.test(name) ? name : `_${name.slice(0, maxLength - 1)}`;
}

/** `base`, or the first of `base_2`, `base_3`, … that is free. */
function freeName(base: string, taken: ReadonlyMap<string, unknown>): string {
  let name = base;
  for (let count = 2; taken.has(name); count += 1) {
    name = `${base.slice(0, maxLength - 1 - String(count).length)}_${count}`;
  }
  return name;
}

/** The name the client gave the tool that was called; a name it did not give is told as the upstream said it. */
export function clientToolName(names: ToolNames, name: string, namespace: string | undefined): string {
  const qualified = qualifiedToolName(name, namespace);
  return names.fromWire(qualified)?.name ?? qualified;
}

function keyOf(name: string, namespace: string | undefined): string {
  return JSON.stringify([namespace ?? null, name]);
}

/**
 * The names under which `tools` travel to a target without namespaces; collisions are counted up (T33, T34, T36).
 *
 * @param target - Gemini wants a letter or `_` first. Whatever the target, names sent to any of them are understood when
 *   they come back: whoever writes the answer does not know where it was asked for.
 */
export function createToolNames(tools: readonly Tool[], target?: WireFormat): ToolNames {
  const wireNames = new Map<string, string>();
  const geminiNames = new Map<string, string>();
  const identities = new Map<string, ToolIdentity>();
  for (const tool of tools) {
    if (tool.type === "server") continue;
    const key = keyOf(tool.name, tool.namespace);
    if (wireNames.has(key)) continue;
    const wireName = freeName(cleanName(qualifiedToolName(tool.name, tool.namespace)), identities);
    wireNames.set(key, wireName);
    const { name, namespace, type: kind } = tool;
    identities.set(wireName, namespace === undefined ? { name, kind } : { name, namespace, kind });
  }
  for (const [key, wireName] of wireNames) {
    const identity = identities.get(wireName);
    if (identity === undefined || beginsPlainly.test(wireName)) continue;
    const geminiName = freeName(letterFirst(wireName), identities);
    geminiNames.set(key, geminiName);
    identities.set(geminiName, identity);
  }
  return {
    toWire: (name, namespace) => {
      const key = keyOf(name, namespace);
      const wireName = wireNames.get(key) ?? cleanName(qualifiedToolName(name, namespace));
      return target === "gemini" ? (geminiNames.get(key) ?? letterFirst(wireName)) : wireName;
    },
    fromWire: (wireName) => identities.get(wireName),
  };
}
