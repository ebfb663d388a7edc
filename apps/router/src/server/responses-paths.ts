/** Where the Responses format is served: its own path, and what clients make of the Codex base path (codex.md 1.5, 2026-10). */
export const responsesPaths: readonly string[] = [
  "/v1/responses",
  "/backend-api/codex/responses",
  "/codex/responses",
  "/v1/codex/responses",
];
