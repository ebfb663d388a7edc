/**
 * One text for all JSON texts that mean the same: keys in order, no white space, each number with all of its digits.
 * `JSON.parse` alone would take 12345678901234567890 and 12345678901234567000 for one number.
 *
 * @returns Undefined when the text is not JSON.
 */
export function exactJson(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  let at = 0;

  function skipSpace(): void {
    while (/\s/u.test(text.charAt(at))) at += 1;
  }

  function take(pattern: RegExp): string {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? "";
    at += found.length;
    return found;
  }

  /** What stands between the brackets, entry by entry. */
  function entries(end: string, entry: () => void): void {
    at += 1;
    skipSpace();
    while (text.charAt(at) !== end) {
      entry();
      skipSpace();
      if (text.charAt(at) === ",") at += 1;
      skipSpace();
    }
    at += 1;
  }

  function string(): string {
    return JSON.stringify(JSON.parse(take(/"(?:[^"\\]|\\.)*"/suy)));
  }

  function value(): string {
    skipSpace();
    const first = text.charAt(at);
    if (first === '"') return string();
    if (first === "[") {
      const items: string[] = [];
      entries("]", () => items.push(value()));
      return `[${items.join(",")}]`;
    }
    if (first !== "{") return literal(take(/[^\s,\]}]+/uy));
    const fields = new Map<string, string>();
    entries("}", () => {
      const key = string();
      skipSpace();
      at += 1;
      fields.set(key, value());
    });
    const sorted = [...fields].toSorted(([left], [right]) => (left < right ? -1 : 1));
    return `{${sorted.map(([key, field]) => `${key}:${field}`).join(",")}}`;
  }

  return value();
}

/** `true`, `false` and `null` as they are; of a number its sign, its digits and its power of ten. */
function literal(text: string): string {
  const [, sign = "", whole = "", fraction = "", power = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/u.exec(text) ?? [];
  if (whole === "") return text;
  const digits = (whole + fraction).replace(/^0+/u, "");
  const significant = digits.replace(/0+$/u, "");
  if (significant === "") return "0";
  const exponent = BigInt(power) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return exponent === 0n ? sign + significant : `${sign}${significant}e${exponent}`;
}
