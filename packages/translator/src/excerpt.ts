const maxExcerpt = 200;

/** The first 200 characters of what could not be read, for error details. */
export function excerptOf(text: string): string {
  return text.length > maxExcerpt ? text.slice(0, maxExcerpt) : text;
}
