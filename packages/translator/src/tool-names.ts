import type { Tool } from "@turnout/core";

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

function keyOf(name: string, namespace: string | undefined): string {
  return JSON.stringify([namespace ?? null, name]);
}

/** The names under which `tools` travel to a target without namespaces; collisions are counted up (T33, T34, T36). */
export function createToolNames(tools: readonly Tool[]): ToolNames {
  const wireNames = new Map<string, string>();
  const identities = new Map<string, ToolIdentity>();
  for (const tool of tools) {
    if (tool.type === "server") continue;
    const key = keyOf(tool.name, tool.namespace);
    if (wireNames.has(key)) continue;
    const base = cleanName(qualifiedToolName(tool.name, tool.namespace));
    let wireName = base;
    for (let count = 2; identities.has(wireName); count += 1) {
      wireName = `${base.slice(0, maxLength - 1 - String(count).length)}_${count}`;
    }
    wireNames.set(key, wireName);
    const { name, namespace, type: kind } = tool;
    identities.set(wireName, namespace === undefined ? { name, kind } : { name, namespace, kind });
  }
  return {
    toWire: (name, namespace) => wireNames.get(keyOf(name, namespace)) ?? cleanName(qualifiedToolName(name, namespace)),
    fromWire: (wireName) => identities.get(wireName),
  };
}
