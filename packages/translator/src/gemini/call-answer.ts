import { type JsonObject, type ModelRequest, RouterError } from "@turnout/core";

import { excerptOf } from "../excerpt.ts";
import { objectIn } from "../fields.ts";
import { madeUpCallId } from "../ids.ts";
import { createToolNames } from "../tool-names.ts";
import { objectsIn, textIn } from "./extras.ts";
import { createArgumentsBuilder, type ArgumentsBuilder } from "./partial-args.ts";

/** A call of an answer, as far as it has come. */
export interface AnswerCall {
  readonly callId: string;
  readonly name: string;
  readonly kind: "function" | "custom";
  readonly payload: string | undefined;
  /** More pieces follow. */
  readonly isOpen: boolean;
  /** The arguments, once they are whole. */
  text(): string;
  add(call: JsonObject): void;
}

export interface CallFactory {
  /** @returns Undefined for a piece that names no function and so continues the last call. */
  create(part: JsonObject): AnswerCall | undefined;
  /** Calls so far. */
  readonly count: number;
}

function addPieces(builder: ArgumentsBuilder, call: JsonObject): void {
  if (builder.add(objectsIn(call, "partialArgs"))) return;
  throw new RouterError("upstream-malformed", "Cannot read the arguments of a tool call: impossible place", {
    excerpt: excerptOf(JSON.stringify(call)),
  });
}

/** Arguments as text. */
function print(args: JsonObject): string {
  try {
    return JSON.stringify(args);
  } catch (cause) {
    // Nested so deeply that printing exhausts the stack; parsing does not.
    throw new RouterError(
      "upstream-malformed",
      "Cannot read the arguments of a tool call: nested too deeply",
      { excerpt: "" },
      { cause },
    );
  }
}

/**
 * Reads the calls of one answer. Ids that are missing are made of the answer's id, place and name, so that stream and
 * document give the same (T50).
 *
 * @param request - Tells which tools take free text; Gemini knows them as functions with `input`.
 */
export function createCallFactory(responseId: () => string, request: ModelRequest | undefined): CallFactory {
  const names = request?.tools.some((tool) => tool.type === "custom") ? createToolNames(request.tools) : undefined;
  let count = 0;
  return {
    create: (part) => {
      const call = objectIn(part, "functionCall");
      const name = textIn(call, "name");
      if (name === undefined) return undefined;
      const callId = textIn(call, "id") ?? madeUpCallId(responseId(), count, name);
      count += 1;
      const builder = createArgumentsBuilder();
      addPieces(builder, call);
      const kind = names?.fromWire(name)?.kind ?? "function";
      const whole = call["args"];
      return {
        callId,
        name,
        kind,
        payload: textIn(part, "thoughtSignature"),
        isOpen: call["willContinue"] === true,
        text: () => {
          // T68: without arguments `args` may be missing.
          const args = whole === undefined || whole === null ? builder.value : objectIn(call, "args");
          const { input } = args;
          return kind === "custom" && typeof input === "string" ? input : print(args);
        },
        add: (piece) => addPieces(builder, piece),
      };
    },
    get count() {
      return count;
    },
  };
}
