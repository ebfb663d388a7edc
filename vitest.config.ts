import { defineConfig } from "vitest/config";

// Tests run on the sources of every package (the `@turnout/source` export condition), so no build is needed.
const conditions = ["@turnout/source", "module", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["{packages,apps}/*/{src,test}/**/*.test.ts", "{scripts,bench}/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
