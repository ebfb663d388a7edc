import { isJsonObject } from "@turnout/core";
import { parseJson } from "../json.ts";
import { answer, faults, say } from "./builders.ts";
import type { Conversation, DeclaredTool } from "./conversation.ts";
import { parseDirectives, type Directive } from "./directives.ts";
import { faultSchema, type Fault, type ParsedFault } from "./fault-schema.ts";
import { schemaInstance } from "./schema-instance.ts";
import type { AnswerScript, AnswerStep } from "./schema.ts";

/** Faults that a prompt can ask for by name. */
export const namedFaults: Readonly<Record<string, Fault>> = {
  overloaded: faults.overloaded(),
  "overloaded-late": faults.overloaded(4),
  "usage-limit": faults.rateLimit(),
  "rate-limit": faults.errorEvent({
    status: 429,
    error: { type: "rate_limit_error", code: "rate_limit_exceeded", message: "Rate limit reached. Try again in 1s." },
    headers: { "retry-after": "1" },
  }),
  "server-error": faults.errorEvent({
    status: 500,
    error: { type: "server_error", code: "server_error", message: "The server had an error." },
  }),
  "context-length": faults.errorEvent({
    status: 400,
    error: {
      type: "invalid_request_error",
      code: "context_length_exceeded",
      message: "Your input exceeds the context window of this model. Please adjust your input and try again.",
      param: "input",
    },
  }),
  failed: faults.errorEvent({
    shape: "response.failed",
    error: { code: "server_error", message: "The response failed." },
    afterEvents: 4,
  }),
  cut: faults.cut({ after: 6, how: "reset" }),
  "cut-early": faults.cut({ after: "request", how: "reset" }),
  stall: faults.stall(4),
  malformed: faults.malformed(),
  "one-byte-chunks": faults.oneByteChunks(),
  "no-terminal": faults.noTerminal(),
  "unknown-events": faults.unknownEvents(),
  "extra-after-terminal": faults.extraAfterTerminal(),
};

const maximumQuoteLength = 2_000;

function quoteOutput(name: string, output: string): string {
  const rest = output.length > maximumQuoteLength ? "…" : "";
  return `The tool ${name} answered: ${output.slice(0, maximumQuoteLength)}${rest}`;
}

/** What the sandbox says to people. */
function explanation(userText: string): string {
  const quoted = userText.trim().replaceAll(/\s+/g, " ").slice(0, 80);
  return [
    "This answer is simulated by turnout's built-in sandbox: no model took part.",
    ...(quoted === "" ? [] : [`You wrote: "${quoted}${quoted.length === 80 ? "…" : ""}".`]),
    "To talk to a real model, log in: run `turnout login codex` in another terminal, and ask for `codex/gpt-5.4`.",
  ].join(" ");
}

function longText(words: number): string {
  return Array.from({ length: words }, (_, index) => `word${index + 1}`).join(" ");
}

function findTool(tools: readonly DeclaredTool[], name: string): DeclaredTool | undefined {
  return tools.find((tool) => tool.name === name || `${tool.namespace}.${tool.name}` === name);
}

function callStep(tool: DeclaredTool, text: string): AnswerStep {
  const place = tool.namespace === undefined ? {} : { namespace: tool.namespace };
  if (tool.kind === "function") return say.call(tool.name, text, place);
  const value = parseJson(text);
  const input = isJsonObject(value) && typeof value.input === "string" ? value.input : text;
  return say.customCall(tool.name, input, place);
}

function jsonStep({ schema }: Conversation, text: string): AnswerStep {
  return say.json(schema === undefined ? { answer: text, simulated: true } : schemaInstance(schema));
}

interface Wanted {
  readonly thinking: AnswerStep[];
  readonly calls: AnswerStep[];
  readonly texts: string[];
  json: boolean;
  delayMs: number;
}

function collect(directives: readonly Directive[], conversation: Conversation): Wanted {
  const wanted: Wanted = { thinking: [], calls: [], texts: [], json: false, delayMs: 0 };
  for (const directive of directives) {
    switch (directive.type) {
      case "think":
        wanted.thinking.push(say.reasoning(directive.text));
        break;
      case "say":
        wanted.texts.push(directive.text);
        break;
      case "long":
        wanted.texts.push(longText(directive.words));
        break;
      case "slow":
        wanted.delayMs = directive.milliseconds;
        break;
      case "json":
        wanted.json = true;
        break;
      case "tool": {
        const tool = findTool(conversation.tools, directive.name);
        if (tool === undefined) break;
        const output = conversation.outputs.get(tool.name);
        if (output === undefined) wanted.calls.push(callStep(tool, directive.text));
        else wanted.texts.push(quoteOutput(tool.name, output));
        break;
      }
      case "fault":
        break;
    }
  }
  return wanted;
}

function defaultText(conversation: Conversation): string {
  const outputs = [...conversation.outputs].map(([name, output]) => quoteOutput(name, output));
  return [...outputs, explanation(conversation.userText)].join("\n");
}

/** The answer that a prompt's directives ask for; undefined when it has none. */
export function directedAnswer(conversation: Conversation): AnswerScript | undefined {
  if (!conversation.userText.includes("[[")) return undefined;
  const directives = parseDirectives(conversation.userText);
  if (directives.length === 0) return undefined;
  const { thinking, calls, texts, json, delayMs } = collect(directives, conversation);
  if (calls.length > 0) return { ...answer(...thinking, ...calls), delayMs };
  const text = texts.length > 0 ? texts.join(" ") : defaultText(conversation);
  const last = json || conversation.schema !== undefined ? jsonStep(conversation, text) : say.text(text);
  return { ...answer(...thinking, last), delayMs };
}

/** The fault that a prompt asks for. */
export function directedFault(conversation: Conversation): ParsedFault | undefined {
  if (!conversation.userText.includes("[[fault")) return undefined;
  for (const directive of parseDirectives(conversation.userText)) {
    const fault = directive.type === "fault" ? namedFaults[directive.name] : undefined;
    if (fault !== undefined) return faultSchema.parse(fault);
  }
  return undefined;
}

/** What the sandbox answers when nobody told it what to. */
export function defaultAnswer(conversation: Conversation): AnswerScript {
  if (conversation.schema !== undefined) return answer(jsonStep(conversation, "simulated"));
  return answer(say.text(defaultText(conversation)));
}
