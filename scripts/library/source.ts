import { parseSync, Visitor, type ESTree } from "vite";

/** One module a source file names, by `import`, `export … from`, `import()` or in a type. */
export interface Import {
  readonly specifier: string;
  /** 1-based. */
  readonly line: number;
}

/** A use of a global, for example `Date.now` or `setTimeout`. */
export interface GlobalUse {
  readonly name: string;
  /** 1-based. */
  readonly line: number;
}

export interface SourceFacts {
  readonly imports: readonly Import[];
  /** In the order of the text. A name the file declares or imports itself is not a global. */
  readonly globals: readonly GlobalUse[];
}

/** The names a pattern declares, as in `const { a, b: [c] } = …`. */
function addBindings(
  pattern: ESTree.BindingPattern | ESTree.ParamPattern | ESTree.BindingRestElement,
  declared: Set<string>,
): void {
  switch (pattern.type) {
    case "Identifier":
      declared.add(pattern.name);
      break;
    case "ObjectPattern":
      for (const property of pattern.properties) {
        addBindings(property.type === "RestElement" ? property : property.value, declared);
      }
      break;
    case "ArrayPattern":
      for (const element of pattern.elements) if (element !== null) addBindings(element, declared);
      break;
    case "AssignmentPattern":
      addBindings(pattern.left, declared);
      break;
    case "RestElement":
      addBindings(pattern.argument, declared);
      break;
    case "TSParameterProperty":
      break; // The compiler refuses them here (erasableSyntaxOnly).
  }
}

/**
 * Parses TypeScript and tells what it imports and which of `watched` globals it uses. Comments and strings do not count.
 *
 * @param watched - Plain names (`setTimeout`), members (`Date.now`), or constructions without arguments (`new Date()`).
 * @throws {Error} when the text is not TypeScript.
 */
export function readSource(file: string, text: string, watched: ReadonlySet<string>): SourceFacts {
  const { program, errors } = parseSync(file, text);
  if (errors[0] !== undefined) throw new Error(`Cannot parse ${file}: ${errors[0].message}`);

  const imports: Import[] = [];
  const uses: GlobalUse[] = [];
  const declared = new Set<string>();
  const lineOf = (offset: number) => text.slice(0, offset).split("\n").length;
  const addImport = (source: ESTree.Expression | null) => {
    if (source?.type !== "Literal" || typeof source.value !== "string") return;
    imports.push({ specifier: source.value, line: lineOf(source.start) });
  };
  const addUse = (name: string, offset: number) => {
    if (watched.has(name)) uses.push({ name, line: lineOf(offset) });
  };
  const globalPath = (node: ESTree.Expression): string | undefined => {
    if (node.type === "Identifier") return node.name;
    if (node.type !== "MemberExpression" || node.computed || node.property.type !== "Identifier") return undefined;
    const object = globalPath(node.object);
    if (object === undefined) return undefined;
    return object === "globalThis" ? node.property.name : `${object}.${node.property.name}`;
  };
  const skipped = new Set<ESTree.Node>();

  new Visitor({
    ImportDeclaration: (node) => addImport(node.source),
    ExportAllDeclaration: (node) => addImport(node.source),
    ExportNamedDeclaration: (node) => addImport(node.source),
    ImportExpression: (node) => addImport(node.source),
    TSImportType: (node) => addImport(node.source),
    ImportSpecifier: (node) => void declared.add(node.local.name),
    ImportDefaultSpecifier: (node) => void declared.add(node.local.name),
    VariableDeclarator: (node) => addBindings(node.id, declared),
    FunctionDeclaration: (node) => {
      if (node.id !== null) declared.add(node.id.name);
      for (const parameter of node.params) addBindings(parameter, declared);
    },
    FunctionExpression: (node) => node.params.forEach((parameter) => addBindings(parameter, declared)),
    ArrowFunctionExpression: (node) => node.params.forEach((parameter) => addBindings(parameter, declared)),
    Property: (node) => void (!node.computed && !node.shorthand && skipped.add(node.key)),
    PropertyDefinition: (node) => void (!node.computed && skipped.add(node.key)),
    MethodDefinition: (node) => void (!node.computed && skipped.add(node.key)),
    TSPropertySignature: (node) => void (!node.computed && skipped.add(node.key)),
    TSMethodSignature: (node) => void (!node.computed && skipped.add(node.key)),
    // `typeof fetch` as a type describes a parameter; it calls nothing.
    TSTypeQuery: (node) => void skipped.add(node.exprName),
    NewExpression: (node) => {
      const name = globalPath(node.callee);
      if (name !== undefined && node.arguments.length === 0) addUse(`new ${name}()`, node.start);
    },
    MemberExpression: (node) => {
      const name = globalPath(node);
      if (name !== undefined) addUse(name, node.start);
      if (!node.computed) skipped.add(node.property);
    },
    Identifier: (node) => {
      if (!skipped.has(node)) addUse(node.name, node.start);
    },
  }).visit(program);

  return { imports, globals: uses.filter((use) => !declared.has(use.name.replace(/^new |[.(].*$/gu, ""))) };
}
