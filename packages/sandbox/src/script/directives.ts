/** One `[[…]]` in a prompt. */
export type Directive =
  | { readonly type: "say"; readonly text: string }
  | { readonly type: "think"; readonly text: string }
  | { readonly type: "tool"; readonly name: string; readonly text: string }
  | { readonly type: "slow"; readonly milliseconds: number }
  | { readonly type: "long"; readonly words: number }
  | { readonly type: "json" }
  | { readonly type: "fault"; readonly name: string };

const maximumDirectives = 32;
const maximumWords = 100_000;
const maximumSlowMs = 60_000;

/** Where a JSON value that starts at `start` with `{` ends; undefined when it does not. */
function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (inString) {
      if (character === "\\") index += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{") depth += 1;
    else if (character === "}") {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return undefined;
}

function toolDirective(text: string, start: number): { directive: Directive; end: number } | undefined {
  const head = /^\s*([\w.-]+)\s*/.exec(text.slice(start));
  const name = head?.[1];
  if (head === null || name === undefined) return undefined;
  const from = start + head[0].length;
  const to = text[from] === "{" ? endOfObject(text, from) : from;
  const end = to === undefined ? -1 : text.indexOf("]]", to);
  if (end === -1) return undefined;
  const body = text.slice(from, end).trim();
  return { directive: { type: "tool", name, text: body === "" ? "{}" : body }, end: end + 2 };
}

function simpleDirective(name: string, value: string): Directive | undefined {
  const amount = Number(value);
  switch (name) {
    case "say":
      return { type: "say", text: value };
    case "think":
      return { type: "think", text: value };
    case "slow":
      return amount >= 0 ? { type: "slow", milliseconds: Math.min(amount, maximumSlowMs) } : undefined;
    case "long":
      return amount >= 1 ? { type: "long", words: Math.min(Math.floor(amount), maximumWords) } : undefined;
    case "json":
      return { type: "json" };
    case "fault":
      return { type: "fault", name: value };
    default:
      return undefined;
  }
}

/** The directives of a prompt in their order. What is none, or has a wrong value, is plain text. */
export function parseDirectives(text: string): Directive[] {
  const directives: Directive[] = [];
  const opening = /\[\[(say|think|tool|slow|long|json|fault)\s*(?::|(?=\]\]))/g;
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    if (directives.length === maximumDirectives) break;
    const name = match[1] ?? "";
    if (name === "tool") {
      const found = toolDirective(text, opening.lastIndex);
      if (found === undefined) continue;
      directives.push(found.directive);
      opening.lastIndex = found.end;
      continue;
    }
    const end = text.indexOf("]]", opening.lastIndex);
    if (end === -1) break;
    const directive = simpleDirective(name, text.slice(opening.lastIndex, end).trim());
    if (directive !== undefined) directives.push(directive);
    opening.lastIndex = end + 2;
  }
  return directives;
}
