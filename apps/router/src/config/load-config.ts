import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ProviderPlugin } from "@turnout/core";
import { RouterError } from "@turnout/core";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import type { Config, NamedProviders } from "./config-schema.ts";
import { createConfigSchema, providerBaseSchema } from "./config-schema.ts";
import { knownKeys, nearest } from "./known-keys.ts";

/** The world as far as finding a config file goes. */
export interface ConfigSurroundings {
  readonly workingDirectory: string;
  /** `$TURNOUT_HOME`, default `~/.turnout`. */
  readonly dataDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Finds the config file: `--config`, then `TURNOUT_CONFIG`, then `./turnout.yaml`, then `turnout.yaml` in the data folder.
 *
 * @returns Undefined when none is there and none was named.
 * @throws {RouterError} `config-invalid` when a named file does not exist.
 */
export function findConfigFile(named: string | undefined, surroundings: ConfigSurroundings): string | undefined {
  const wanted = named ?? surroundings.environment["TURNOUT_CONFIG"];
  if (wanted !== undefined && wanted !== "") {
    const path = resolve(surroundings.workingDirectory, wanted);
    if (!existsSync(path)) throw new RouterError("config-invalid", `Cannot read config "${path}": no such file`, {});
    return path;
  }
  const places = [surroundings.workingDirectory, surroundings.dataDirectory];
  return places.map((place) => join(place, "turnout.yaml")).find((path) => existsSync(path));
}

/** The parts of a config text that must be known before the plugins are loaded. */
export interface ConfigDocument {
  readonly file: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  /** What the text says, sections without content left out. */
  readonly value: unknown;
}

/** Reads the YAML; aliases are bounded by the library, so that a bomb cannot go off. */
export function parseConfigText(text: string, file: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const error = document.errors[0];
  if (error !== undefined) {
    const line = lines.linePos(error.pos[0]).line;
    throw new RouterError("config-invalid", `Cannot read config "${file}", line ${line}: ${error.message}`, { line });
  }
  return { file, document, lines, value: withoutEmptySections(valueOf(document, file)) };
}

/** Aliases are followed only here: one that leads nowhere, or too many of them, shows late. */
function valueOf(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new RouterError("config-invalid", `Cannot read config "${file}": ${describe(error)}`, {}, { cause: error });
  }
}

const sectionsSchema = z.looseObject({ providers: z.unknown() });
const providersSchema = z.record(z.string(), z.unknown());

/** `providers:` with nothing below it, as when all below is a comment, is null in YAML and means: the defaults. */
function withoutEmptySections(value: unknown): unknown {
  const parsed = sectionsSchema.safeParse(value);
  if (!parsed.success) return value ?? {};
  const sections = Object.fromEntries(Object.entries(parsed.data).filter(([, section]) => section !== null));
  const providers = providersSchema.safeParse(sections["providers"]);
  if (!providers.success) return sections;
  const given = Object.entries(providers.data).map(([name, options]): [string, unknown] => [name, options ?? {}]);
  return { ...sections, providers: Object.fromEntries(given) };
}

export function readConfigFile(file: string): ConfigDocument {
  try {
    return parseConfigText(readFileSync(file, "utf8"), file);
  } catch (error) {
    if (RouterError.is(error)) throw error;
    throw new RouterError("config-invalid", `Cannot read config "${file}": ${describe(error)}`, {}, { cause: error });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const pluginNamesSchema = z.looseObject({ plugins: z.array(z.string()).default([]) });

/** Names of the plugin packages to load, read leniently: what is wrong is told by `readConfig` later. */
export function pluginNames(source: ConfigDocument | undefined): readonly string[] {
  const parsed = pluginNamesSchema.safeParse(source?.value ?? {});
  return parsed.success ? parsed.data.plugins : [];
}

const namedProvidersSchema = z.looseObject({
  providers: z.record(z.string(), z.unknown()).default({}),
});
const useSchema = z.looseObject({ use: z.string() });

/** Providers under names of the user's own, read leniently like `pluginNames`. */
function namedProviders(document: unknown): NamedProviders {
  const parsed = namedProvidersSchema.safeParse(document);
  const entries = Object.entries(parsed.success ? parsed.data.providers : {}).flatMap(([name, value]) => {
    const used = useSchema.safeParse(value);
    return used.success ? [[name, used.data.use] as const] : [];
  });
  return Object.fromEntries(entries);
}

/**
 * Checks a config and fills in its defaults.
 *
 * @throws {RouterError} `config-invalid` that names file, line and key, and the nearest known key.
 */
export function readConfig(
  source: ConfigDocument | undefined,
  plugins: readonly ProviderPlugin[],
  overrides: ConfigOverrides = {},
): Config {
  const document: unknown = source?.value ?? {};
  const schema = createConfigSchema(plugins, namedProviders(document));
  const parsed = schema.safeParse(withOverrides(document, overrides));
  if (!parsed.success) throw configError(source, schema, parsed.error);
  const given = Object.entries(parsed.data.providers).filter(([, value]) => value !== undefined);
  const providers = Object.fromEntries(given.map(([name, value]) => [name, providerBaseSchema.parse(value)]));
  const config: Config = { ...parsed.data, providers };
  requireUsableNames(config, source);
  return config;
}

/** Flags of the command line that win over the file. */
export interface ConfigOverrides {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/** Anything that is not a config at all is left to the schema to complain about. */
function withOverrides(given: unknown, overrides: ConfigOverrides): unknown {
  const { host, port } = overrides;
  if (host === undefined && port === undefined) return given;
  const parsed = z.looseObject({ server: z.looseObject({}).default({}) }).safeParse(given);
  if (!parsed.success) return given;
  const server = {
    ...parsed.data.server,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  };
  return { ...parsed.data, server };
}

/** A provider's name is the part of a model's name before its first slash, and `sandbox` is taken while that is on. */
function requireUsableNames(config: Config, source: ConfigDocument | undefined): void {
  for (const name of Object.keys(config.providers)) {
    const isTaken = name === "sandbox" && config.sandbox;
    if (/^[\w.-]+$/.test(name) && !isTaken) continue;
    const reason = isTaken
      ? "this name is the built-in simulator's; choose another, or set `sandbox: false`"
      : "a provider's name holds letters, digits and . _ - only";
    const path = ["providers", name];
    throw new RouterError("config-invalid", `${position(source, path)}: \`${path.join(".")}\`: ${reason}`, {
      path: path.join("."),
    });
  }
}

function configError(source: ConfigDocument | undefined, schema: z.ZodType, error: z.ZodError): RouterError {
  const lines = error.issues.flatMap((issue) => issueLines(source, schema, issue));
  const first = error.issues[0];
  return new RouterError("config-invalid", lines.join("\n"), { path: (first?.path ?? []).join(".") });
}

function issueLines(source: ConfigDocument | undefined, schema: z.ZodType, issue: z.core.$ZodIssue): string[] {
  if (issue.code !== "unrecognized_keys") {
    return [`${position(source, issue.path)}: \`${issue.path.join(".") || "(top level)"}\`: ${issue.message}`];
  }
  return issue.keys.map((key) => {
    const path = [...issue.path, key];
    const candidates = knownKeys(schema, issue.path);
    const near = nearest(key, candidates);
    const hint = near === undefined ? `known here: ${candidates.join(", ")}` : `did you mean \`${near}\`?`;
    return `${position(source, path)}: unknown key \`${path.join(".")}\`; ${hint}`;
  });
}

/** `turnout.yaml, line 3`, as near to the path as the document goes. */
function position(source: ConfigDocument | undefined, path: readonly PropertyKey[]): string {
  if (source === undefined) return "Config";
  const line = lineOf(source, path.map(String));
  return line === undefined ? source.file : `${source.file}, line ${line}`;
}

function lineOf(source: ConfigDocument, path: readonly string[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const offset = keyOffset(source.document, path.slice(0, length));
    if (offset !== undefined) return source.lines.linePos(offset).line;
  }
  return undefined;
}

function keyOffset(document: Document.Parsed, path: readonly string[]): number | undefined {
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (parent instanceof Object && "items" in parent && Array.isArray(parent.items)) {
    const items: readonly unknown[] = parent.items;
    for (const [index, item] of items.entries()) {
      const key = item instanceof Object && "key" in item ? item.key : undefined;
      if (isNode(key) && String(key) === last) return key.range?.[0];
      if (key === undefined && String(index) === last && isNode(item)) return item.range?.[0];
    }
  }
  return undefined;
}
