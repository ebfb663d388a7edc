import {
  type Block,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ToolCallBlock,
  type ToolResultBlock,
  type Turn,
} from "@turnout/core";

import { type Fields, restOf } from "../fields.ts";
import { base62Hash } from "../ids.ts";
import { invalidRequest } from "../validate.ts";
import { extrasFrom, wire } from "./extras.ts";
import { createArgumentsBuilder } from "./partial-args.ts";
import { carriedReasoning, decodePart } from "./parts-decode.ts";
import type { GeminiContent, GeminiFunctionCall, GeminiFunctionResponse, GeminiPart } from "./schema.ts";

/** Notes of this codec on calls and results, so that the same format gets back exactly what it sent. */
export const callNotes = {
  /** The id as the client wrote it; null when it wrote none. */
  id: "$id",
  /** The call came without `args`. */
  absentArgs: "$absent",
  /** A result's `response`, whose text core holds in other words. */
  response: "$response",
  /** A result's `parts`. */
  parts: "$parts",
  /** What `functionCall` or `functionResponse` held besides. */
  inner: "$inner",
  /** The role of a turn, when it is not the usual word. */
  role: "$role",
  /** A content without `parts`. */
  noParts: "$noParts",
} as const;

const callPartKeys = new Set(["functionCall", "thoughtSignature"]);
const callKeys = new Set(["name", "id", "args"]);
const resultPartKeys = new Set(["functionResponse"]);
const resultKeys = new Set(["name", "id", "response", "parts"]);
const contentKeys = new Set(["role", "parts"]);

/** Calls of the latest model turn that wait for their results. */
interface WaitingCall {
  readonly name: string;
  readonly id: string;
  readonly isMadeUp: boolean;
}

/**
 * The id of a call of the history that has none: made of its place, so that the same history gives the same ids (T50).
 */
function madeUpId(place: string, name: string): string {
  return `call_${base62Hash(`${place} ${name}`, 24)}`;
}

function decodeCall(part: GeminiPart, call: GeminiFunctionCall, place: string, path: string): ToolCallBlock {
  const { name, id, args, partialArgs } = call;
  const { thoughtSignature } = part;
  const fields = restOf(part, callPartKeys);
  const inner = restOf(call, callKeys);
  if (Object.keys(inner).length > 0) fields[callNotes.inner] = inner;
  const hasId = typeof id === "string" && id !== "";
  if (!hasId) fields[callNotes.id] = id ?? null;
  let given: JsonObject | undefined = args ?? undefined;
  if (given === undefined) {
    fields[callNotes.absentArgs] = true;
    // A call that was streamed in pieces is sent back in pieces (recorded).
    const builder = createArgumentsBuilder();
    if (!builder.add(partialArgs ?? [])) {
      throw invalidRequest(`${path}.functionCall.partialArgs`, "Cannot read Gemini request: impossible `jsonPath`");
    }
    given = builder.value;
  }
  const isForeign = carriedReasoning(thoughtSignature) !== undefined;
  return {
    type: "tool-call",
    callId: hasId ? id : madeUpId(place, name),
    name,
    kind: "function",
    // T68: without arguments `args` may be missing.
    arguments: JSON.stringify(given),
    ...(typeof thoughtSignature === "string" && !isForeign && { payload: thoughtSignature }),
    ...extrasFrom(fields),
  };
}

/** The text of a tool's `response`: what stands alone under one of the usual names, else all of it as JSON. */
function readResponse(response: JsonObject): { readonly text: string; readonly isError: boolean } {
  // Older clients repeat the name inside.
  const { name: _name, ...rest } = response;
  const keys = Object.keys(rest);
  const [key] = keys;
  const value = keys.length === 1 && key !== undefined ? rest[key] : undefined;
  const isUsual = key === "output" || key === "result" || key === "content" || key === "error";
  if (!isUsual || value === undefined) return { text: keys.length === 0 ? "" : JSON.stringify(rest), isError: false };
  return { text: typeof value === "string" ? value : JSON.stringify(value), isError: key === "error" };
}

/** Reads contents one after another, knowing which calls still wait for their results. */
export function createContentReader() {
  let waiting: WaitingCall[] = [];

  /** By id, or by position among the calls of the same name (T50). */
  function match(response: GeminiFunctionResponse): WaitingCall | undefined {
    const { id, name } = response;
    const exact = typeof id === "string" ? waiting.findIndex((call) => call.id === id) : -1;
    const index = exact === -1 ? waiting.findIndex((call) => call.name === name && (call.isMadeUp || !id)) : exact;
    return index === -1 ? undefined : waiting.splice(index, 1)[0];
  }

  function decodeResult(part: GeminiPart, result: GeminiFunctionResponse, place: string): ToolResultBlock {
    const { name, id, response, parts } = result;
    const call = match(result);
    const fields: Fields = restOf(part, resultPartKeys);
    const inner = restOf(result, resultKeys);
    if (Object.keys(inner).length > 0) fields[callNotes.inner] = inner;
    fields[callNotes.id] = id ?? null;
    fields[callNotes.response] = response ?? null;
    // Came from JSON, so what the schema left open is JSON.
    if (parts) fields[callNotes.parts] = parts as JsonValue;
    const { text, isError } = readResponse(response ?? {});
    const media = (parts ?? []).flatMap((entry): ToolResultBlock["content"][number][] => {
      const [block] = decodePart(entry);
      const isKnown = block?.type === "image" || block?.type === "file";
      return isKnown ? [block] : [{ type: "opaque", wire, value: entry as JsonValue }];
    });
    return {
      type: "tool-result",
      callId: call?.id ?? (typeof id === "string" && id !== "" ? id : madeUpId(place, name)),
      name,
      kind: "function",
      content: [...(text === "" ? [] : [{ type: "text", text } as const]), ...media],
      ...(isError && { isError }),
      ...extrasFrom(fields),
    };
  }

  function decodeBlocks(part: GeminiPart, place: string, path: string): Block[] {
    const { functionCall, functionResponse } = part;
    if (functionResponse) return [decodeResult(part, functionResponse, place)];
    if (!functionCall) return decodePart(part);
    const call = decodeCall(part, functionCall, place, path);
    const foreign = carriedReasoning(part.thoughtSignature);
    return foreign === undefined ? [call] : [foreign, call];
  }

  function read(content: GeminiContent, index: number): Turn {
    const { role, parts } = content;
    const blocks: Block[] = [];
    const paths: string[] = [];
    for (const [position, part] of (parts ?? []).entries()) {
      const path = `contents[${index}].parts[${position}]`;
      for (const block of decodeBlocks(part, `${index}.${position}`, path)) {
        blocks.push(block);
        paths.push(path);
      }
    }
    if (role === "model") {
      waiting = blocks.flatMap((block) => {
        if (block.type !== "tool-call") return [];
        const isMadeUp = isJsonObject(block.extras?.fields) && Object.hasOwn(block.extras.fields, callNotes.id);
        return [{ name: block.name, id: block.callId, isMadeUp }];
      });
    }
    const fields = restOf(content, contentKeys);
    if (role !== "user" && role !== "model") fields[callNotes.role] = role ?? null;
    if (parts === undefined || parts === null) fields[callNotes.noParts] = true;
    return { role: role === "model" ? "assistant" : "user", blocks, paths, ...extrasFrom(fields) };
  }

  return { read };
}
