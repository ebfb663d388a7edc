import type { TokenRequestOptions } from "@turnout/auth";
import type { AuthDeclaration } from "@turnout/core";
import { RouterError } from "@turnout/core";
import { nearest } from "../config/known-keys.ts";
import { providerSettings } from "../registry/create-providers.ts";
import { tokenRequestOf } from "../registry/token-request.ts";
import { usedPlugins } from "../registry/used-plugins.ts";
import type { Setup } from "./setup.ts";

/** How accounts of one provider are logged in, as its plugin and the config say. */
export interface ProviderLogin {
  readonly provider: string;
  readonly auth: AuthDeclaration;
  /** How its issuer is asked; undefined when it has no logins. */
  readonly request: TokenRequestOptions | undefined;
}

/** @throws {RouterError} `config-invalid` for an unknown provider, or one that must be configured first. */
export function findProviderLogin(provider: string, setup: Setup): ProviderLogin {
  const { config, plugins } = setup;
  const settings = providerSettings(config.providers[provider]);
  const [plugin] = usedPlugins(provider, setup);
  if (plugin === undefined) {
    const known = [...new Set([...plugins.map((candidate) => candidate.provider), ...Object.keys(config.providers)])];
    const near = nearest(provider, known);
    const hint = near === undefined ? `known are ${known.join(", ")}` : `did you mean "${near}"?`;
    throw new RouterError("config-invalid", `There is no provider "${provider}": ${hint}`, {});
  }
  const options = plugin.options.safeParse(settings.options);
  if (!options.success) {
    const message = `Cannot log in to ${provider}: it needs options in the config first, under \`providers.${provider}\``;
    throw new RouterError("config-invalid", message, {});
  }
  const auth = plugin.auth(options.data);
  return { provider, auth, request: tokenRequestOf(auth, settings.options) };
}
