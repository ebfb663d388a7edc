import type { WireEvent } from "@turnout/core";
import { z } from "zod";
import type { AgentOptions } from "./agent-protocol.ts";
import { equipment } from "./agent-script.ts";

/** A tool the model has called. */
export interface Call {
  readonly callId: string;
}

/** How an agent of one language keeps its history and reads answers. */
export interface AgentLanguage {
  body(): object;
  historyBytes(): number;
  addUserText(text: string): void;
  addToolOutput(callId: string, output: string): void;
  /** Reads one event of an answer. */
  read(event: WireEvent): void;
  /**
   * Takes the answer that was read into the history.
   *
   * @throws {Error} when it has no clean end.
   */
  finish(): readonly Call[];
}

const itemSchema = z.looseObject({ type: z.string(), call_id: z.string().optional() });
const itemDoneSchema = z.object({ item: itemSchema });

/** As the Codex CLI does: every item of an answer goes back as it came, encrypted reasoning included. */
function createResponsesLanguage({ model, equipmentBytes }: AgentOptions, past: readonly object[]): AgentLanguage {
  const { instructions, tools } = equipment(equipmentBytes);
  const input: object[] = [...past];
  let output: z.infer<typeof itemSchema>[] = [];
  let isComplete = false;
  return {
    body: () => ({
      model,
      instructions,
      input,
      tools: tools.map((tool) => ({ type: "function", strict: false, ...tool })),
      tool_choice: "auto",
      parallel_tool_calls: true,
      reasoning: { effort: "medium", summary: "auto" },
      store: false,
      stream: true,
      include: ["reasoning.encrypted_content"],
    }),
    historyBytes: () => JSON.stringify(input).length,
    addUserText: (text) => {
      input.push({ type: "message", role: "user", content: [{ type: "input_text", text }] });
    },
    addToolOutput: (callId, text) => {
      input.push({ type: "function_call_output", call_id: callId, output: text });
    },
    read: ({ type, data }) => {
      if (type === "response.output_item.done") output.push(itemDoneSchema.parse(JSON.parse(data)).item);
      else if (type === "response.completed") isComplete = true;
    },
    finish: () => {
      if (!isComplete) throw new Error("The answer had no clean end");
      const calls = output.flatMap(({ type, call_id: callId }) =>
        type === "function_call" && callId !== undefined ? [{ callId }] : [],
      );
      input.push(...output);
      output = [];
      isComplete = false;
      return calls;
    },
  };
}

const chunkSchema = z.object({
  choices: z.array(
    z.object({
      delta: z.object({
        content: z.string().nullish(),
        tool_calls: z
          .array(
            z.object({
              index: z.number(),
              id: z.string().optional(),
              function: z.object({ name: z.string().optional(), arguments: z.string().optional() }),
            }),
          )
          .optional(),
      }),
      finish_reason: z.string().nullish(),
    }),
  ),
});

interface ChatCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; arguments: string };
}

/** As clients of Chat Completions do: text and calls, no ids of items, and nothing of the model's reasoning. */
function createChatLanguage({ model, equipmentBytes }: AgentOptions): AgentLanguage {
  const { instructions, tools } = equipment(equipmentBytes);
  const messages: object[] = [{ role: "system", content: instructions }];
  let content = "";
  let calls: ChatCall[] = [];
  let isComplete = false;
  return {
    body: () => ({
      model,
      messages,
      tools: tools.map((definition) => ({ type: "function", function: definition })),
      reasoning_effort: "medium",
      stream: true,
    }),
    historyBytes: () => JSON.stringify(messages.slice(1)).length,
    addUserText: (text) => {
      messages.push({ role: "user", content: text });
    },
    addToolOutput: (callId, text) => {
      messages.push({ role: "tool", tool_call_id: callId, content: text });
    },
    read: ({ data }) => {
      if (data === "[DONE]") {
        isComplete = true;
        return;
      }
      const delta = chunkSchema.parse(JSON.parse(data)).choices[0]?.delta;
      content += delta?.content ?? "";
      for (const { index, id, function: part } of delta?.tool_calls ?? []) {
        const { name = "", arguments: text = "" } = part;
        const known = calls[index];
        if (known === undefined) calls[index] = { id: id ?? "", type: "function", function: { name, arguments: text } };
        else known.function.arguments += text;
      }
    },
    finish: () => {
      if (!isComplete) throw new Error("The answer had no clean end");
      messages.push({
        role: "assistant",
        content: content === "" ? null : content,
        ...(calls.length > 0 && { tool_calls: calls }),
      });
      const made = calls.map(({ id }) => ({ callId: id }));
      content = "";
      calls = [];
      isComplete = false;
      return made;
    },
  };
}

/**
 * A conversation as a client of one language has it.
 *
 * @param past - Input items of the Responses API that came before; none for Chat.
 */
export function createAgentLanguage(options: AgentOptions, past: readonly object[] = []): AgentLanguage {
  return options.language === "responses" ? createResponsesLanguage(options, past) : createChatLanguage(options);
}
