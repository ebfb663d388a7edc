import type { ModelInfo } from "@turnout/core";
import { RouterError } from "@turnout/core";
import { nearest } from "../config/known-keys.ts";
import type { Provider } from "./provider.ts";

/** Where a name leads. */
export interface Route {
  readonly provider: Provider;
  /** The upstream's name. */
  readonly upstreamModel: string;
}

/** A model as lists show it. */
export interface ListedModel {
  /** `codex/gpt-5.4`, or an alias. */
  readonly id: string;
  readonly provider: string;
  readonly info: ModelInfo;
  readonly aliasOf?: string;
}

export interface Registry {
  /**
   * @param name - An alias, a qualified name (`codex/gpt-5.4`), or a bare name that a provider other than the sandbox has.
   * @throws {RouterError} `not-found` with the nearest known name.
   */
  lookup(name: string): Route;
  list(): readonly ListedModel[];
  readonly providers: readonly Provider[];
}

/** Characters of a name that are looked at: comparing one as long as a body would hold everybody up for a minute. */
const longestName = 256;

export function createRegistry(providers: readonly Provider[], aliases: Readonly<Record<string, string>>): Registry {
  const byName = new Map(providers.map((provider) => [provider.name, provider]));
  // Accounts come and go while turnout runs, so that a list is made when it is asked for; an alias that leads nowhere is told now.
  const list = () => listModels(providers, aliases, (name) => resolve(name));
  list();

  function resolve(name: string): Route | undefined {
    const target = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
    return qualified(target ?? name) ?? bare(target ?? name);
  }

  function qualified(name: string): Route | undefined {
    const slash = name.indexOf("/");
    if (slash === -1) return undefined;
    const provider = byName.get(name.slice(0, slash));
    const upstreamModel = name.slice(slash + 1);
    return provider?.models.has(upstreamModel) ? { provider, upstreamModel } : undefined;
  }

  /**
   * A bare name leads to the first provider that has it, one with an account before others, and never to a simulated
   * answer: that would be a lie the user did not ask for.
   */
  function bare(name: string): Route | undefined {
    const candidates = providers.filter((candidate) => !candidate.simulated && candidate.models.has(name));
    const provider = candidates.find(isReady) ?? candidates[0];
    return provider === undefined ? undefined : { provider, upstreamModel: name };
  }

  return {
    providers,
    list,
    lookup: (name) => {
      const route = resolve(name);
      if (route !== undefined) return route;
      const suggestion = name.length > longestName ? undefined : nearest(name, allNames(providers, aliases));
      const hint = suggestion === undefined ? "GET /v1/models lists the known ones" : `did you mean "${suggestion}"?`;
      throw new RouterError("not-found", `Cannot find model "${name.slice(0, longestName)}": ${hint}`, {
        path: "model",
        ...(suggestion === undefined ? {} : { suggestion }),
      });
    },
  };
}

function isReady(provider: Provider): boolean {
  return provider.pool.accounts.length > 0;
}

/** Every name that can be asked for, with an account or without. */
function allNames(providers: readonly Provider[], aliases: Readonly<Record<string, string>>): string[] {
  const own = providers.flatMap((provider) => [...provider.models.keys()].map((id) => `${provider.name}/${id}`));
  return [...own, ...Object.keys(aliases)];
}

function listModels(
  providers: readonly Provider[],
  aliases: Readonly<Record<string, string>>,
  resolve: (name: string) => Route | undefined,
): ListedModel[] {
  // What has no account cannot be asked; it is found by name, with an error that says how to add one.
  const own = providers
    .filter(isReady)
    .flatMap((provider) =>
      [...provider.models.values()]
        .filter((info) => info.hidden !== true)
        .map((info) => ({ id: `${provider.name}/${info.id}`, provider: provider.name, info })),
    );
  const aliased = Object.entries(aliases).map(([alias, target]) => {
    const route = resolve(target);
    const info = route?.provider.models.get(route.upstreamModel);
    if (route === undefined || info === undefined) throw deadAlias(alias, target);
    return { id: alias, provider: route.provider.name, info, aliasOf: target };
  });
  return [...own, ...aliased];
}

function deadAlias(alias: string, target: string): RouterError {
  return new RouterError("config-invalid", `Cannot use alias "${alias}": there is no model "${target}"`, {
    path: `aliases.${alias}`,
  });
}
