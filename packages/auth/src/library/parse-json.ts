/**
 * Parses JSON of a file or an answer that may hold secrets.
 *
 * @returns Undefined when it is not JSON. The parser's own error quotes the text around the fault, so it must reach neither
 *   a message nor a `cause`.
 */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
