import { RouterError } from "@turnout/core";
import type * as z from "zod";

/** `messages[2].content[0].type`; empty for the document itself. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else text += text === "" ? String(key) : `.${String(key)}`;
  }
  return text;
}

type Issue = z.core.$ZodIssue;

/** The issue a reader wants: inside a union, the branch that got furthest into the document. */
function deepest(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  let best: Issue = issue;
  let depth = issue.path.length;
  for (const branch of issue.errors) {
    const first = branch[0];
    if (first === undefined) continue;
    const inner = deepest(first);
    const path = [...issue.path, ...inner.path];
    if (path.length > depth) {
      best = { ...inner, path };
      depth = path.length;
    }
  }
  return best;
}

/** `request-invalid` that names the first wrong field and what is wrong with it, as zod found them. */
export function fromZodError(
  error: z.ZodError,
  what: string,
  at: readonly PropertyKey[] = [],
): RouterError<"request-invalid"> {
  const first = error.issues[0];
  if (first === undefined) return new RouterError("request-invalid", `Cannot read ${what}`, {});
  const issue = deepest(first);
  const path = formatPath([...at, ...issue.path]);
  const problem = issue.message.replace(/^Invalid input: /u, "").replace(/\.$/u, "");
  return new RouterError(
    "request-invalid",
    path === "" ? `Cannot read ${what}: ${problem}` : `Cannot read ${what}: \`${path}\`: ${problem}`,
    { path },
    { cause: error },
  );
}

/**
 * Checks a client's document.
 *
 * @param what - Names it in the message, for example `Chat request`.
 * @param at - Where `value` stands in the document, when it is a part of one.
 * @throws {RouterError} `request-invalid` with the path of the first wrong field.
 */
export function parseRequest<T>(
  schema: z.ZodType<T>,
  value: unknown,
  what: string,
  at: readonly PropertyKey[] = [],
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw fromZodError(result.error, what, at);
}

/** `request-invalid` for what a schema cannot say. */
export function invalidRequest(path: string, message: string): RouterError<"request-invalid"> {
  return new RouterError("request-invalid", message, { path });
}

/** Far beyond any schema or argument seen; a reader that calls itself for each level is safe within it. */
const maxNesting = 500;

/**
 * Refuses a document that is nested so deeply that reading or printing it could exhaust the stack.
 *
 * @throws {RouterError} `request-invalid` beyond 500 levels.
 */
export function refuseDeepNesting(value: unknown, what: string): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxNesting) {
      throw new RouterError("request-invalid", `Cannot read ${what}: nested deeper than ${maxNesting} levels`, {});
    }
    const next: unknown[] = [];
    for (const entry of level) {
      if (typeof entry !== "object" || entry === null) continue;
      for (const inner of Object.values(entry)) if (typeof inner === "object" && inner !== null) next.push(inner);
    }
    level = next;
  }
}
