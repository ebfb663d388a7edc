import { isJsonObject, type JsonValue } from "@turnout/core";
import type { z } from "zod";
import { pathText, valueAt } from "../json-path.ts";
import type { Problem } from "./errors.ts";
import { chatRequestSchema, type ChatRequest } from "./request-schema.ts";

type Issue = z.core.$ZodIssue;

function typeName(value: JsonValue | undefined): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) ? "an integer" : "a decimal number";
    case "object":
      return "an object";
    default:
      return `a ${typeof value}`;
  }
}

const wanted: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a decimal",
  int: "an integer",
  boolean: "a boolean",
  array: "an array of objects",
  object: "an object",
  record: "an object",
};

function listText(values: readonly unknown[]): string {
  const quoted = values.map((value) => `'${String(value)}'`);
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")}, and ${quoted.at(-1)}`;
}

function invalidValue(param: string, value: JsonValue | undefined, supported: readonly unknown[]): Problem {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null);
  const list = supported.length === 0 ? "" : ` Supported values are: ${listText(supported)}.`;
  return { message: `Invalid value: '${text}'.${list}`, param, code: "invalid_value" };
}

/** The branch of a union that came closest: the one whose issues lie deepest. */
function closest(errors: readonly (readonly Issue[])[]): Issue | undefined {
  return errors
    .flatMap((issues) => issues.slice(0, 1))
    .toSorted((left, right) => right.path.length - left.path.length)[0];
}

function discriminatorValues(issue: Issue): readonly unknown[] {
  // Zod names them where it has them.
  return "options" in issue && Array.isArray(issue.options) ? issue.options : [];
}

function limitProblem(
  issue: Issue & { code: "too_small" | "too_big" },
  param: string,
  value: JsonValue | undefined,
): Problem {
  const small = issue.code === "too_small";
  const bound = small ? issue.minimum : issue.maximum;
  const kind = typeof value === "number" && Number.isInteger(value) ? "integer" : "decimal";
  return {
    message:
      `Invalid '${param}': ${kind} ${small ? "below minimum" : "above maximum"} value. ` +
      `Expected a value ${small ? ">=" : "<="} ${bound}, but got ${JSON.stringify(value)} instead.`,
    param,
    code: `${kind}_${small ? "below_min" : "above_max"}_value`,
  };
}

/** OpenAI's words for an issue of zod. */
function issueProblem(body: JsonValue | undefined, issue: Issue): Problem {
  const param = pathText(issue.path);
  const value = valueAt(body, issue.path);
  if (issue.code === "unrecognized_keys") {
    const name = pathText([...issue.path, issue.keys[0] ?? ""]);
    if (issue.path.length === 0) return { message: `Unrecognized request argument supplied: ${name}` };
    return { message: `Unknown parameter: '${name}'.`, param: name, code: "unknown_parameter" };
  }
  if (value === undefined) {
    return { message: `Missing required parameter: '${param}'.`, param, code: "missing_required_parameter" };
  }
  switch (issue.code) {
    case "invalid_type":
      return {
        message: `Invalid type for '${param}': expected ${wanted[issue.expected] ?? issue.expected}, but got ${typeName(value)} instead.`,
        param,
        code: "invalid_type",
      };
    case "invalid_value":
      return invalidValue(param, value, issue.values);
    case "invalid_union": {
      const inner = closest(issue.errors);
      if (inner !== undefined && inner.path.length > 0) {
        return issueProblem(body, { ...inner, path: [...issue.path, ...inner.path] });
      }
      if (issue.errors.length === 0) return invalidValue(param, value, discriminatorValues(issue));
      return {
        message: `Invalid type for '${param}': expected one of a string or array of objects, but got ${typeName(value)} instead.`,
        param,
        code: "invalid_type",
      };
    }
    case "too_small":
    case "too_big":
      return limitProblem(issue, param, value);
    default:
      return { message: `Invalid value for '${param}'.`, param, code: "invalid_value" };
  }
}

export type ReadChatRequest =
  | { readonly ok: true; readonly request: ChatRequest }
  | { readonly ok: false; readonly problem: Problem };

/** Reads a body; says in OpenAI's words what is wrong with its form. */
export function readChatRequest(body: JsonValue | undefined): ReadChatRequest {
  if (!isJsonObject(body)) {
    const message =
      "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly.)";
    return { ok: false, problem: { message } };
  }
  const result = chatRequestSchema.safeParse(body);
  if (result.success) return { ok: true, request: result.data };
  const issue = result.error.issues[0];
  const problem = issue === undefined ? { message: "Invalid request" } : issueProblem(body, issue);
  return { ok: false, problem };
}
