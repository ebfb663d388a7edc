import type { Problem } from "./errors.ts";
import type { OpenaiModel } from "./models.ts";
import type { ChatRequest } from "./request-schema.ts";

/** What a rule looks at. */
export interface ChatSubject {
  readonly request: ChatRequest;
  readonly model: OpenaiModel;
  readonly inputTokens: number;
}

/** One rule of Chat Completions: undefined when the request keeps it. */
export type ChatRule = (subject: ChatSubject) => Problem | undefined;

/** A parameter that was given, be it null or false. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

export function emptyArray(param: string): Problem {
  return {
    message: `Invalid '${param}': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
    param,
    code: "empty_array",
  };
}

export function tooLong(param: string, maximum: number, length: number): Problem {
  return {
    message:
      `Invalid '${param}': string too long. Expected a string with maximum length ${maximum}, ` +
      `but got a string with length ${length} instead.`,
    param,
    code: "string_above_max_length",
  };
}

export function unsupportedParameter(name: string): Problem {
  return {
    message: `Unsupported parameter: '${name}' is not supported with this model.`,
    param: name,
    code: "unsupported_parameter",
  };
}
