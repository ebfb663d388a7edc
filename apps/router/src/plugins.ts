import { anthropic } from "@turnout/anthropic";
import { codexHttp } from "@turnout/codex-http";
import { codexWs } from "@turnout/codex-ws";
import type { ProviderPlugin } from "@turnout/core";
import { RouterError } from "@turnout/core";
import { gemini } from "@turnout/gemini";
import { openaiPlugins } from "@turnout/openai";
import { openaiCompatible } from "@turnout/openai-compatible";
import { z } from "zod";

/** The executors turnout brings along, in the order they are tried. The one place that names them. */
export const builtInPlugins: readonly ProviderPlugin[] = [
  codexWs,
  codexHttp,
  ...openaiPlugins,
  anthropic,
  gemini,
  openaiCompatible,
];

const pluginSchema = z.custom<ProviderPlugin>(
  (value) =>
    z
      .looseObject({
        name: z.string(),
        provider: z.string(),
        wire: z.string(),
        auth: z.function(),
        // Its zod may be another copy than ours, so the shape is looked at, not the class.
        options: z.looseObject({ shape: z.record(z.string(), z.unknown()) }),
        models: z.array(z.looseObject({ id: z.string() })),
        createExecutors: z.function(),
      })
      .safeParse(value).success,
);

/**
 * Loads the plugins a config names: packages that export a `ProviderPlugin` as `default` or as `plugin`.
 *
 * @throws {RouterError} `config-invalid` when a package is missing or exports no plugin.
 */
export async function loadPlugins(names: readonly string[]): Promise<readonly ProviderPlugin[]> {
  const loaded: ProviderPlugin[] = [];
  for (const name of names) loaded.push(await loadPlugin(name));
  return loaded;
}

async function loadPlugin(name: string): Promise<ProviderPlugin> {
  const module = await importModule(name);
  const parsed = pluginSchema.safeParse(module.default ?? module.plugin);
  if (parsed.success) return parsed.data;
  throw new RouterError("config-invalid", `Cannot use plugin "${name}": it exports no provider plugin`, {
    path: "plugins",
  });
}

const moduleSchema = z.object({ default: z.unknown().optional(), plugin: z.unknown().optional() });

async function importModule(name: string): Promise<z.output<typeof moduleSchema>> {
  try {
    const module: unknown = await import(name);
    return moduleSchema.parse(module);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RouterError("config-invalid", `Cannot load plugin "${name}": ${reason}`, { path: "plugins" }, { cause });
  }
}
