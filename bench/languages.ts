import type { WireFormat } from "@turnout/core";
import type { Upstream } from "./library/start.ts";
import type { Target } from "./library/target.ts";
import { instructions, promptOf, type Prompt } from "./scenario.ts";

/** One of the four languages, as a client and as an upstream. */
export interface Language {
  readonly wire: WireFormat;
  /** In tables. */
  readonly name: string;
  /** Provider that speaks it, and a model of the sandbox there. */
  readonly provider: string;
  readonly model: string;
  /** What a whole stream holds near its end. */
  readonly ending: string;
  path(model: string): string;
  body(model: string, prompt: string): Readonly<Record<string, unknown>>;
  /** How the upstream is told who asks. */
  headers(upstream: Upstream): Readonly<Record<string, string>>;
}

const bearer = ({ apiKey }: Upstream) => ({ authorization: `Bearer ${apiKey}` });

export const languages: readonly Language[] = [
  {
    wire: "openai-chat",
    name: "Chat",
    provider: "openai",
    model: "gpt-5.4",
    ending: "[DONE]",
    path: () => "/v1/chat/completions",
    body: (model, prompt) => ({
      model,
      stream: true,
      messages: [
        { role: "system", content: instructions },
        { role: "user", content: prompt },
      ],
    }),
    headers: bearer,
  },
  {
    wire: "openai-responses",
    name: "Responses",
    provider: "codex",
    model: "gpt-5.4",
    ending: "response.completed",
    path: () => "/v1/responses",
    body: (model, prompt) => ({ model, stream: true, instructions, input: prompt }),
    headers: bearer,
  },
  {
    wire: "anthropic-messages",
    name: "Messages",
    provider: "anthropic",
    model: "claude-sonnet-4-5",
    ending: "message_stop",
    path: () => "/v1/messages",
    body: (model, prompt) => ({
      model,
      stream: true,
      max_tokens: 8_192,
      system: instructions,
      messages: [{ role: "user", content: prompt }],
    }),
    headers: ({ apiKey }) => ({ "x-api-key": apiKey, "anthropic-version": "2023-06-01" }),
  },
  {
    wire: "gemini",
    name: "Gemini",
    provider: "gemini",
    model: "gemini-3-pro-preview",
    ending: '"finishReason"',
    path: (model) => `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
    body: (_model, prompt) => ({
      systemInstruction: { parts: [{ text: instructions }] },
      contents: [{ role: "user", parts: [{ text: prompt }] }],
    }),
    headers: ({ apiKey }) => ({ "x-goog-api-key": apiKey }),
  },
];

function targetOf(language: Language, origin: string, model: string, prompt: Prompt, headers: object): Target {
  return {
    origin,
    path: language.path(model),
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(language.body(model, promptOf(prompt))),
    ending: language.ending,
  };
}

/** Straight to an upstream of this language, or to a proxy in front of it. */
export function upstreamTarget(language: Language, upstream: Upstream, prompt: Prompt): Target {
  return targetOf(language, upstream.origin, language.model, prompt, language.headers(upstream));
}

/** A client of `language` asks a router for a model whose upstream speaks `spoken`. */
export function clientTarget(language: Language, spoken: Language, origin: string, prompt: Prompt): Target {
  return targetOf(language, origin, `${spoken.provider}/${spoken.model}`, prompt, {});
}

/** What the codec of `language` reads of that request, the address included where the format says something there. */
export function decodableRequest(language: Language): string {
  const body = language.body(language.model, promptOf("long"));
  return JSON.stringify({ ...body, model: language.model, stream: true });
}

/** `Responses -> Chat`: the upstream's language first. */
export function nameOfRoad(spoken: Language, language: Language): string {
  return spoken === language ? `${language.name}, same language` : `${spoken.name} -> ${language.name}`;
}
