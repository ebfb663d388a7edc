import type { AuthDeclaration } from "@turnout/core";

/** API keys; a bearer token someone else refreshes travels the same way. */
export const openaiAuth: AuthDeclaration = { kinds: ["api-key"] };
