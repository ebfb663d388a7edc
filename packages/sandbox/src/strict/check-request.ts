import type { Refusal } from "../refusal.ts";
import { callRules } from "./calls.ts";
import { metadataRules } from "./headers.ts";
import { inputRules } from "./input.ts";
import { liteRules } from "./lite.ts";
import { modelRules } from "./model.ts";
import { parameterRules } from "./parameters.ts";
import { reasoningRules } from "./reasoning.ts";
import { firstRefusal, type Rule, type Subject } from "./rule.ts";
import { toolRules } from "./tools.ts";

const codexRules: readonly Rule[] = [
  ...parameterRules,
  ...metadataRules,
  ...modelRules,
  ...liteRules,
  ...inputRules,
  ...toolRules,
  ...callRules,
  ...reasoningRules,
];

/** The rules of the ChatGPT backend. */
export function checkCodexRequest(subject: Subject): Refusal | undefined {
  return firstRefusal(codexRules, subject);
}
