import type { Minter } from "../minter.ts";
import type { AnthropicModel } from "./models.ts";
import type { CountRequest, MessagesRequest } from "./request-schema.ts";

/** What a rule looks at. Of `/count_tokens` the limits and sampling fields are missing. */
export interface AnthropicSubject {
  readonly request: CountRequest & Partial<MessagesRequest>;
  readonly model: AnthropicModel;
  /** Values of the `anthropic-beta` header. */
  readonly betas: readonly string[];
  readonly inputTokens: number;
  readonly minter: Minter;
}

/** One rule of the Messages API: the provider's text when the request breaks it. */
export type AnthropicRule = (subject: AnthropicSubject) => string | undefined;

export function hasBeta(betas: readonly string[], name: string): boolean {
  return betas.some((beta) => beta.startsWith(name));
}

/** Thinking as the model will do it: what was asked, else its default. */
export function thinkingMode({
  request,
  model,
}: Pick<AnthropicSubject, "request" | "model">): "off" | "budget" | "adaptive" {
  switch (request.thinking?.type) {
    case "enabled":
      return "budget";
    case "adaptive":
      return "adaptive";
    case "disabled":
      return "off";
    case undefined:
      return model.thinksByDefault ? "adaptive" : "off";
  }
}
