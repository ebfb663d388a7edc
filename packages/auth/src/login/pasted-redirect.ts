/** What a person copied from the browser after logging in there. */
export interface PastedRedirect {
  /** With `code`, or `error`. */
  readonly parameters: URLSearchParams;
  /** False for a bare code: there is no state to check, and the verifier alone must prove whose it is. */
  readonly hasState: boolean;
}

/** No code is that long; whoever pastes more pasted something else. */
const maxLength = 8_192;

/**
 * Reads the address of the page a login ended on (`http://localhost:1455/auth/callback?code=…&state=…`), its query alone, or
 * the code alone.
 *
 * @returns Undefined when it is none of them.
 */
export function readPastedRedirect(text: string): PastedRedirect | undefined {
  const trimmed = text.trim();
  if (trimmed.length > maxLength || /\s/u.test(trimmed)) return undefined;
  const query = /^https?:\/\/[^?]*\?([^#]+)/u.exec(trimmed)?.[1] ?? (trimmed.includes("code=") ? trimmed : undefined);
  if (query !== undefined) {
    const parameters = new URLSearchParams(query);
    const isAnswer = parameters.has("code") || parameters.has("error");
    return isAnswer ? { parameters, hasState: parameters.has("state") } : undefined;
  }
  // Shorter, it is a word somebody typed: no code can be guessed.
  if (!/^[\w.~-]{16,}$/u.test(trimmed)) return undefined;
  return { parameters: new URLSearchParams({ code: trimmed }), hasState: false };
}
