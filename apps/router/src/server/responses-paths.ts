/** Paths below which the Codex CLI and its kind ask: the backend's own, and what pi makes of a base (codex.md 1.5, 2026-10). */
export const codexBases: readonly string[] = ["/backend-api/codex", "/codex", "/v1/codex"];

/** Where the Responses format is served. */
export const responsesPaths: readonly string[] = ["/v1", ...codexBases].map((base) => `${base}/responses`);
