/** What the four languages cost: every road through the translator and through the router, and answers that do not end. */
import { z } from "zod";
import { wireFormats } from "@turnout/core";
import type { House } from "./house.ts";
import { clientTarget, decodableRequest, languages, nameOfRoad, upstreamTarget, type Language } from "./languages.ts";
import { startChild } from "./library/child.ts";
import { allProviders, startRouter } from "./library/start.ts";
import type { Variant } from "./library/variant.ts";
import { measureLongAnswer, type LongAnswerResult } from "./measures/long-answer.ts";
import { measureThroughput, type ThroughputOptions, type ThroughputResult } from "./measures/throughput.ts";
import { countRecorded, eventsOfTenfold, languageOf, readsOf, upstreamBytesOf, type Recording } from "./recordings.ts";
import type { Prompt } from "./scenario.ts";

const codecSchema = z.array(
  z.object({
    from: z.enum(wireFormats),
    /** Absent where events are only parsed. */
    to: z.enum(wireFormats).optional(),
    eventsPerSecond: z.number(),
  }),
);
export type CodecResult = z.infer<typeof codecSchema>[number];

/** One road from an upstream's language to a client's. */
export interface RoadResult extends ThroughputResult {
  readonly from: string;
  /** A proxy that only takes the stream apart and writes it again has none. */
  readonly to: string | undefined;
}

export function recordingOf(house: House, language: Language): Recording {
  const recording = house.recordings.long.get(language.wire);
  if (recording === undefined) throw new Error(`There is no recording of ${language.name}`);
  return recording;
}

export async function measureCodecs(house: House, milliseconds: number): Promise<CodecResult[]> {
  const translator = startChild({ name: "codec", program: "bench/processes/codec.ts" });
  const measured = await translator.ask(codecSchema, "measure", {
    languages: languages.map((language) => ({
      wire: language.wire,
      reads: readsOf(recordingOf(house, language)),
      request: decodableRequest(language),
    })),
    milliseconds,
  });
  await translator.stop();
  return measured;
}

interface Road extends Variant {
  readonly from: string;
  readonly to: string | undefined;
  readonly events: number;
}

/** From `spoken` to a client of each of `listening`, and through the proxy that reads events. */
function roadsFrom(house: House, spoken: Language, listening: readonly Language[], prompt: Prompt): Road[] {
  const { replayLanguages, eventProxy, replay } = house;
  const recording = recordingOf(house, spoken);
  const events = prompt === "tenfold" ? eventsOfTenfold(recording) : countRecorded(recording);
  const proxied = { ...upstreamTarget(spoken, replay, prompt), origin: eventProxy.origin };
  return [
    {
      name: eventProxyName(spoken),
      target: proxied,
      between: eventProxy.child,
      from: spoken.name,
      to: undefined,
      events,
    },
    ...listening.map((language) => ({
      name: nameOfRoad(spoken, language),
      target: clientTarget(language, spoken, replayLanguages.origin, prompt),
      between: replayLanguages.child,
      from: spoken.name,
      to: language.name,
      events,
    })),
  ];
}

export function eventProxyName(spoken: Language): string {
  return `event proxy, ${spoken.name}`;
}

/** Every road there is, with answers of 300 events. */
export function allRoads(house: House): Road[] {
  return languages.flatMap((spoken) => roadsFrom(house, spoken, languages, "long"));
}

/** The straight roads, with answers of 3,000 events. */
export function straightRoads(house: House): Road[] {
  return languages.flatMap((spoken) => roadsFrom(house, spoken, [spoken], "tenfold"));
}

export async function measureRoads(
  house: House,
  roads: readonly Road[],
  options: Omit<ThroughputOptions, "events">,
): Promise<RoadResult[]> {
  const eventsOf = new Map(roads.map(({ name, events }) => [name, events]));
  const results = await measureThroughput(house.load, roads, {
    ...options,
    events: ({ name }) => eventsOf.get(name) ?? 0,
  });
  return results.map((result, index) => ({ ...result, from: roads[index]?.from ?? "", to: roads[index]?.to }));
}

/** Roads on which an answer of 50 MB passes: the straight ones, and between different ways of saying where an answer ends. */
const longRoads = [
  ["openai-responses", "openai-responses"],
  ["openai-responses", "openai-chat"],
  ["openai-responses", "anthropic-messages"],
  ["anthropic-messages", "gemini"],
  ["anthropic-messages", "anthropic-messages"],
  ["openai-chat", "openai-responses"],
  ["gemini", "openai-chat"],
  ["gemini", "gemini"],
] as const;

export async function measureLongAnswers(house: House): Promise<LongAnswerResult[]> {
  const results: LongAnswerResult[] = [];
  for (const [from, to] of longRoads) {
    const [spoken, language] = [languageOf(from), languageOf(to)];
    const name = nameOfRoad(spoken, language);
    // A fresh process each: memory once taken is not given back, and would hide what the next one takes.
    const router = await startRouter({ name: `long-${from}-${to}`, providers: allProviders(house.replay) });
    results.push(
      await measureLongAnswer({
        load: house.load,
        replay: house.replayChild,
        router: router.child,
        name,
        small: clientTarget(language, spoken, router.origin, "small"),
        huge: clientTarget(language, spoken, router.origin, "huge"),
        upstreamBytes: upstreamBytesOf(recordingOf(house, spoken), "huge"),
      }),
    );
    await router.child.stop();
  }
  return results;
}
