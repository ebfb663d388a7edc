import type { Credential, ExecuteContext, WireRequest } from "@turnout/core";
import { connectionHeaders, type HeaderMap, type HeaderNames } from "@turnout/upstream";

import type { AnthropicOptions } from "./options.ts";

/** Headers of the API that are shown in `meta`. */
export const anthropicResponseHeaders: HeaderNames = [
  "request-id",
  "anthropic-ratelimit-*",
  "anthropic-organization-id",
];

const betaName = /^[\w.:-]{1,128}$/u;
const maxBetas = 64;

/**
 * The names for `anthropic-beta`: the configured ones, then the client's. What a client says of its own login (`oauth-…`) is
 * left out: the request goes with another one.
 */
function betaNames(configured: readonly string[], fromClient: string | undefined): readonly string[] {
  if (fromClient === undefined) return configured;
  const names = new Set(configured);
  for (const part of fromClient.split(",")) {
    const name = part.trim();
    if (betaName.test(name) && !name.startsWith("oauth-") && names.size < maxBetas) names.add(name);
  }
  return [...names];
}

function credentialHeader({ kind, secret }: Credential): Record<string, string> {
  return kind === "api-key" ? { "x-api-key": secret } : { authorization: `Bearer ${secret}` };
}

/** Headers of `POST /v1/messages`. Of the client's own, only the names in `anthropic-beta` go up. */
export function anthropicHeaders(options: AnthropicOptions, request: WireRequest, context: ExecuteContext): HeaderMap {
  const betas = betaNames(options.beta, request.session?.headers?.["anthropic-beta"]);
  return {
    ...credentialHeader(context.credential),
    "anthropic-version": options.version,
    ...(betas.length === 0 ? {} : { "anthropic-beta": betas.join(",") }),
    ...connectionHeaders(options, request),
  };
}
