import type { StreamEvent, WireFormat } from "@turnout/core";
import { createSseDecoder, getCodec } from "@turnout/translator";
import { upstreamTarget, languages, type Language } from "./languages.ts";
import type { Child } from "./library/child.ts";
import type { ReplayAnswer } from "./library/replay-answer.ts";
import type { Upstream } from "./library/start.ts";
import { answerSchema, type Target } from "./library/target.ts";
import { answers, markOf, readStream, textOf, type AnswerName, type RepeatedAnswer } from "./scenario.ts";
import { directTarget } from "./ways.ts";

/** Events that go out together in the replay: about what one network read brings when a model is fast. */
const eventsPerRead = 10;

/** One answer as the upstream sends it, event by event. */
export interface Recording {
  readonly wire: WireFormat;
  /** Announcements and openings. */
  readonly head: readonly string[];
  /** Events that bring text and nothing else. */
  readonly middle: readonly string[];
  readonly tail: readonly string[];
}

/** Bytes of the long answers, about; of `tenfold` only the repetitions are given. */
export const answerBytes = { small: 5_000_000, huge: 50_000_000 } as const;
const tenfold = 10;

/** The long answer in each language, and the short one of Codex. */
export interface Recordings {
  readonly short: Recording;
  readonly long: ReadonlyMap<WireFormat, Recording>;
}

export async function recordAnswers(load: Child, sandbox: Upstream): Promise<Recordings> {
  const long = new Map<WireFormat, Recording>();
  for (const language of languages)
    long.set(language.wire, await record(load, language, targetOf(language, sandbox), "long"));
  const responses = languageOf("openai-responses");
  return { short: await record(load, responses, directTarget(sandbox, "short"), "short"), long };
}

/** Responses are recorded from the Codex backend, whose profile turnout speaks to it. */
function targetOf(language: Language, sandbox: Upstream): Target {
  return language.wire === "openai-responses"
    ? directTarget(sandbox, "long")
    : upstreamTarget(language, sandbox, "long");
}

export function languageOf(wire: WireFormat): Language {
  const language = languages.find((candidate) => candidate.wire === wire);
  if (language === undefined) throw new Error(`Cannot find language "${wire}"`);
  return language;
}

async function record(load: Child, { wire }: Language, target: Target, name: AnswerName): Promise<Recording> {
  const { status, text } = await load.ask(answerSchema, "answer", target);
  if (status !== 200 || readStream[wire](text) !== textOf(name)) {
    throw new Error(`The sandbox answered ${status}, and not the text it should: ${text.slice(0, 500)}`);
  }
  const events = text.split(/(?<=\n\r?\n)/u).filter((event) => event.trim() !== "");
  const isText = findTexts(wire, events);
  const first = isText.indexOf(true);
  const last = isText.lastIndexOf(true);
  const middle = events.slice(first, last + 1);
  if (middle.length < answers[name].deltas - 2) throw new Error(`Only ${middle.length} events of ${wire} bring text`);
  return { wire, head: events.slice(0, first), middle, tail: events.slice(last + 1) };
}

/** For each event, whether it brings text and opens or ends nothing. */
function findTexts(wire: WireFormat, events: readonly string[]): boolean[] {
  const sse = createSseDecoder();
  const decoder = getCodec(wire).createEventDecoder();
  return events.map((text) => {
    const meaning: StreamEvent[] = [];
    for (const event of sse.decode(text)) decoder.decode(event, meaning);
    return meaning.some(({ type }) => type === "text-delta") && meaning.every(({ type }) => onlyText.has(type));
  });
}

const onlyText: ReadonlySet<string> = new Set(["text-delta", "usage"]);

/** Events of the recording when its middle is said `repeat` times. */
export function countRecorded({ head, middle, tail }: Recording, repeat = 1): number {
  return head.length + middle.length * repeat + tail.length;
}

export function eventsOfTenfold(recording: Recording): number {
  return countRecorded(recording, tenfold);
}

/** Cut as it arrives. */
export function cutIntoReads(events: readonly string[]): string[] {
  return Array.from({ length: Math.ceil(events.length / eventsPerRead) }, (_, index) =>
    events.slice(index * eventsPerRead, (index + 1) * eventsPerRead).join(""),
  );
}

export function readsOf({ head, middle, tail }: Recording): string[] {
  return cutIntoReads([...head, ...middle, ...tail]);
}

/** What the replay has to answer, in the order it looks for them. */
export function replayAnswers({ short, long }: Recordings): ReplayAnswer[] {
  const repeated = [...long.values()].flatMap((recording) =>
    (["tenfold", "small", "huge"] as const).map((name) => repeatedAnswer(recording, name)),
  );
  const once = (recording: Recording, mark: string): ReplayAnswer => ({
    path: pathOf(recording),
    mark,
    head: readsOf(recording),
    middle: [],
    tail: [],
    repeat: 1,
  });
  return [
    ...repeated,
    once(short, `"model":"${answers.short.model}"`),
    ...[...long.values()].map((recording) => once(recording, "")),
  ];
}

function pathOf({ wire }: Recording): string {
  const { model, path } = languageOf(wire);
  return path(model).replace("/v1", ""); // Codex has its own path in front.
}

/** What the upstream sends of a repeated answer, in bytes. */
export function upstreamBytesOf(recording: Recording, name: RepeatedAnswer): number {
  const { head, middle, tail, repeat } = repeatedAnswer(recording, name);
  const length = (texts: readonly string[]) => texts.reduce((sum, text) => sum + text.length, 0);
  return length(head) + length(middle) * repeat + length(tail);
}

function repeatedAnswer(recording: Recording, name: RepeatedAnswer): ReplayAnswer {
  const middle = cutIntoReads(recording.middle);
  const bytes = middle.reduce((sum, text) => sum + text.length, 0);
  const repeat = name === "tenfold" ? tenfold : Math.ceil(answerBytes[name] / bytes);
  // Responses says the whole text again at the end.
  const tail = recording.tail.map((event) => event.replaceAll(textOf("long"), () => textOf("long").repeat(repeat)));
  return { path: pathOf(recording), mark: markOf(name), head: cutIntoReads(recording.head), middle, tail, repeat };
}
