import { parseSync, Visitor, type ESTree } from "vite";

const callers: ReadonlySet<string> = new Set(["describe", "it", "test"]);

/** `test` of `test`, `test.only.each(rows)` and `describe.skipIf(condition)`; undefined for other calls. */
function callerOf(callee: ESTree.Expression): string | undefined {
  switch (callee.type) {
    case "Identifier":
      return callee.name;
    case "MemberExpression":
      return callerOf(callee.object);
    case "CallExpression":
      return callerOf(callee.callee);
    default:
      return undefined;
  }
}

/** The text of a literal; what a template inserts is left out. */
function textOf(node: ESTree.Node | undefined): string | undefined {
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  return node?.type === "TemplateLiteral" ? node.quasis.map(({ value }) => value.raw).join("…") : undefined;
}

/**
 * The titles a test file gives to `describe`, `it` and `test`, also through `each`, `for` and `skipIf`, in the order of the
 * text.
 *
 * @throws {Error} when the text is not TypeScript.
 */
export function readTestTitles(file: string, text: string): string[] {
  const { program, errors } = parseSync(file, text);
  if (errors[0] !== undefined) throw new Error(`Cannot parse ${file}: ${errors[0].message}`);
  const titles: string[] = [];
  new Visitor({
    CallExpression(call) {
      const title = textOf(call.arguments[0]);
      if (title !== undefined && callers.has(callerOf(call.callee) ?? "")) titles.push(title);
    },
  }).visit(program);
  return titles;
}
