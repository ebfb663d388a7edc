import { createIssuerFetch } from "@turnout/auth";
import type { Runtime } from "@turnout/core";
import { RouterError } from "@turnout/core";
import { z } from "zod";
import type { Config } from "../../config/config-schema.ts";
import { providerSettings } from "../../registry/create-providers.ts";
import { renderDuration } from "../table.ts";
import { findProviderLogin } from "../provider-login.ts";
import type { Setup } from "../setup.ts";
import { type Finding, note, ok, problem } from "./finding.ts";

/** Milliseconds that an upstream may take to say anything. */
const timeoutMs = 10_000;

/** Tokens of the tightest issuers are judged to the half minute. */
const noticeableSkewMs = 30_000;
const harmfulSkewMs = 300_000;

/** A place that requests or logins go to. */
interface Place {
  readonly check: string;
  readonly url: string;
  readonly proxyUrl: string | undefined;
}

const addressSchema = z.looseObject({ baseUrl: z.string().optional(), proxyUrl: z.string().optional() });

/** Addresses come from the config and the plugins' defaults, and from nowhere else. */
function placesOf(provider: string, setup: Setup): readonly Place[] {
  const { plugins, config } = setup;
  const settings = providerSettings(config.providers[provider]);
  const plugin = plugins.find((candidate) => candidate.provider === (config.providers[provider]?.use ?? provider));
  const { baseUrl, proxyUrl } = addressSchema.parse(plugin?.options.safeParse(settings.options).data ?? {});
  const { request } = findProviderLogin(provider, setup);
  return [
    ...(baseUrl === undefined ? [] : [{ check: `reach ${provider}`, url: baseUrl, proxyUrl }]),
    ...(request === undefined ? [] : [{ check: `reach issuer of ${provider}`, url: request.oauth.issuer, proxyUrl }]),
  ];
}

/** Whether every provider in use can be reached, and whether its clock agrees with ours. */
export async function checkNetwork(
  providers: readonly string[],
  setup: Setup,
  runtime: Runtime,
): Promise<readonly Finding[]> {
  const places = providers.flatMap((provider) => placesOf(provider, setup));
  const visits = await Promise.all(places.map((place) => visit(place, runtime)));
  return [...visits.flatMap(({ finding }) => finding), ...checkClock(visits.flatMap(({ skewMs }) => skewMs ?? []))];
}

async function visit({ check, url, proxyUrl }: Place, runtime: Runtime) {
  const fetch = createIssuerFetch({ runtime, timeoutMs, ...(proxyUrl !== undefined && { proxyUrl }) });
  try {
    const begun = runtime.now();
    const answer = await fetch(url, { method: "GET", headers: {} });
    const told = Date.parse(answer.headers.get("date") ?? "");
    // Between the two ends of the exchange; the header counts whole seconds, and half of one is added.
    const skewMs = Number.isNaN(told) ? undefined : told + 500 - (begun + runtime.now()) / 2;
    const finding =
      answer.status < 500
        ? ok(check, `${url} answers`)
        : note(check, `${url} answers with status ${answer.status}`, "It may be down for a while; try again later");
    return { finding: [finding], skewMs };
  } catch (error) {
    const { message } = RouterError.from(error);
    const advice =
      proxyUrl === undefined
        ? "Check the network and the name; behind a proxy set `proxyUrl` of the provider"
        : `Check the proxy ${proxyUrl} and the name`;
    return { finding: [problem(check, message, advice)], skewMs: undefined };
  }
}

function checkClock(skews: readonly number[]): readonly Finding[] {
  const [skewMs] = skews.toSorted((left, right) => Math.abs(left) - Math.abs(right));
  if (skewMs === undefined) return [note("clock", "nobody could be asked for the time")];
  const size = Math.abs(skewMs);
  if (size < noticeableSkewMs) return [ok("clock", "agrees with the providers")];
  const message = `is ${renderDuration(size)} ${skewMs > 0 ? "behind" : "ahead of"} that of the providers`;
  const advice = "Set the clock of this machine (NTP)";
  return size < harmfulSkewMs
    ? [note("clock", message, advice)]
    : [problem("clock", message, `${advice}: tokens are taken for expired, or used too long`)];
}

/** Providers the config speaks of; without any, those that stored accounts belong to. */
export function providersInUse(config: Config, stored: readonly string[]): readonly string[] {
  return [...new Set([...Object.keys(config.providers), ...stored])].toSorted();
}
