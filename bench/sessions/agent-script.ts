/** What the scripted agent says, calls and reads: made for the sizes of a coding agent at work, the same in every run. */
import { answer, say, type AnswerScript } from "@turnout/sandbox";
import { createRandom } from "../library/random.ts";

/** Requests of one conversation. */
export const turns = 30;

/** Characters of one tool's output: thirty turns then make 400 KB with what the model says. */
const toolOutputLength = 12_500;

/** Every so many turns the model answers instead of calling a tool, and the user says something. */
const turnsOfOneTask = 6;

/** Characters of the opaque payload of one reasoning item. */
const encryptedLength = 1_200;

const words =
  "the signal of track switch train waits moves yard engine driver reads route line clear block test fails returns".split(
    " ",
  );

/** Text of about `length` characters, lines as a terminal shows them. */
function textOf(length: number, seed: number): string {
  const random = createRandom(seed);
  const lines: string[] = [];
  for (let size = 0, line = 1; size < length; line += 1) {
    const count = 6 + Math.floor(random() * 10);
    const text = Array.from({ length: count }, () => words[Math.floor(random() * words.length)]).join(" ");
    lines.push(`${line}\t${text} "${Math.floor(random() * 1e9).toString(36)}"`);
    size += (lines.at(-1)?.length ?? 0) + 1;
  }
  return lines.join("\n").slice(0, length);
}

function endsTask(turn: number): boolean {
  return turn % turnsOfOneTask === turnsOfOneTask - 1;
}

/** What the user says in `turn`; undefined where a tool's output goes on instead. */
export function userText(turn: number): string | undefined {
  return turn === 0 || endsTask(turn - 1) ? `Task ${turn}: ${textOf(300, 1_000 + turn)}` : undefined;
}

/** What the model answers in `turn`. */
export function modelAnswer(turn: number): AnswerScript {
  const reasoning = say.reasoning(textOf(200, 2_000 + turn), { encryptedLength });
  if (endsTask(turn)) return answer(reasoning, say.text(textOf(800, 3_000 + turn)));
  const call = say.call("shell", { command: ["bash", "-lc", textOf(400, 4_000 + turn)], timeout_ms: 10_000 });
  return answer(reasoning, call);
}

/** What a tool gives back in `turn`. */
export function toolOutput(turn: number): string {
  return textOf(toolOutputLength, 5_000 + turn);
}

/** Instructions and tools of an agent: they travel with every request, whatever else does. */
export interface Equipment {
  readonly instructions: string;
  readonly tools: readonly { readonly name: string; readonly description: string; readonly parameters: object }[];
}

const toolNames = ["shell", "read_file", "write_file", "search", "list_files", "update_plan"];

/**
 * An agent's instructions and tools.
 *
 * @param bytes - About so much of both together, as JSON.
 */
export function equipment(bytes: number): Equipment {
  const parameters = {
    type: "object",
    properties: {
      command: { type: "array", items: { type: "string" }, description: "The command and its arguments" },
      timeout_ms: { type: "number", description: "Milliseconds after which it is stopped" },
    },
    required: ["command"],
    additionalProperties: false,
  };
  const rest = bytes - toolNames.length * (JSON.stringify(parameters).length + 100);
  return {
    instructions: textOf(rest / 2, 1),
    tools: toolNames.map((name, index) => ({
      name,
      description: textOf(rest / 2 / toolNames.length, 100 + index),
      parameters,
    })),
  };
}

/**
 * A conversation so far, as input items of the Responses API: what an agent sends that goes on with an old one.
 *
 * @param count - Turns in it, of about 13 KB each.
 * @param name - Stands in its first message, so that no two conversations are one.
 */
export function pastItems(count: number, name: string): object[] {
  const items: object[] = [
    {
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: `Conversation ${name}: ${textOf(300, 1)}` }],
    },
  ];
  for (let turn = 0; turn < count; turn += 1) {
    const callId = `call_past_${turn}`;
    const command = JSON.stringify({ command: ["bash", "-lc", textOf(400, 4_000 + turn)], timeout_ms: 10_000 });
    items.push(
      { type: "reasoning", summary: [], encrypted_content: textOf(encryptedLength, 6_000 + turn) },
      { type: "function_call", name: "shell", call_id: callId, arguments: command },
      { type: "function_call_output", call_id: callId, output: toolOutput(turn) },
    );
  }
  return items;
}
