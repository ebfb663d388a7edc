import type { TokenRequestOptions } from "@turnout/auth";
import type { AuthDeclaration } from "@turnout/core";
import { z } from "zod";
import { version } from "../version.ts";

/** Many providers have it, and each in the same words. */
const proxySchema = z.looseObject({ proxyUrl: z.string().optional() });

/** How tokens of one provider are refreshed; undefined when it has no logins. */
export function tokenRequestOf(
  auth: AuthDeclaration,
  options: Readonly<Record<string, unknown>>,
): TokenRequestOptions | undefined {
  if (auth.oauth === undefined) return undefined;
  const proxyUrl = proxySchema.safeParse(options).data?.proxyUrl;
  return {
    oauth: auth.oauth,
    headers: { "user-agent": `turnout/${version}` },
    ...(proxyUrl !== undefined && { proxyUrl }),
  };
}
