import { isJsonObject, type JsonValue } from "@turnout/core";
import type { AnthropicRule, AnthropicSubject } from "./rule.ts";

const maximumMarks = 4;

interface Mark {
  readonly place: string;
  readonly ttl: "5m" | "1h";
  readonly text: string | undefined;
}

function markOf(value: unknown, place: string): Mark[] {
  const block = isJsonObject(value) ? value : {};
  const mark: JsonValue | undefined = block.cache_control;
  if (!isJsonObject(mark)) return [];
  return [
    { place, ttl: mark.ttl === "1h" ? "1h" : "5m", text: typeof block.text === "string" ? block.text : undefined },
  ];
}

/** Every mark in the order in which the cache sees them: tools, system, messages. */
function readMarks({ request }: AnthropicSubject): Mark[] {
  return [
    ...(request.tools ?? []).flatMap((tool, index) => markOf(tool, `tools.${index}`)),
    ...(request.system ?? []).flatMap((block, index) => markOf(block, `system.${index}`)),
    ...request.messages.flatMap(({ content }, at) =>
      content.flatMap((block, index) => markOf(block, `messages.${at}.content.${index}`)),
    ),
    ...markOf(request, "top-level"),
  ];
}

const marksAreFew: AnthropicRule = (subject) => {
  const count = readMarks(subject).length;
  return count > maximumMarks
    ? `A maximum of ${maximumMarks} blocks with cache_control may be provided. Found ${count}.`
    : undefined;
};

const marksAreNotOnEmptyText: AnthropicRule = (subject) => {
  const empty = readMarks(subject).find(({ text }) => text === "");
  return empty === undefined ? undefined : `${empty.place}.text: cache_control cannot be set for empty text blocks`;
};

const longMarksComeFirst: AnthropicRule = (subject) => {
  const marks = readMarks(subject);
  const short = marks.findIndex(({ ttl }) => ttl === "5m");
  const late =
    short === -1 ? undefined : marks.slice(short).find(({ ttl, place }) => ttl === "1h" && place !== "top-level");
  return late === undefined
    ? undefined
    : `${late.place}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control ` +
        "block. Note that blocks are processed in the following order: `tools`, `system`, `messages`.";
};

export const cacheRules: readonly AnthropicRule[] = [marksAreFew, marksAreNotOnEmptyText, longMarksComeFirst];
