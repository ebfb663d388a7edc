import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "vite";

/**
 * Makes JavaScript of programs, so that hundreds of them can be started in a minute: loading TypeScript takes each of them
 * half a second.
 *
 * @param programs - Paths within this package, by name.
 * @param folder - Gets `<name>.js`.
 */
export async function bundlePrograms(programs: Readonly<Record<string, string>>, folder: string): Promise<void> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const input = Object.fromEntries(Object.entries(programs).map(([name, path]) => [name, join(root, path)]));
  await build({
    configFile: false,
    root,
    logLevel: "error",
    resolve: { conditions: ["@turnout/source", "node"] },
    ssr: { noExternal: true, resolve: { conditions: ["@turnout/source", "node"] } },
    build: {
      ssr: true,
      target: "node20",
      outDir: join(folder, "programs"),
      rollupOptions: {
        input,
        external: [/^@photostructure\//u, /^@napi-rs\//u],
        output: { entryFileNames: "[name].js" },
      },
    },
  });
  // For the library with a native part, which is not bundled.
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
}
